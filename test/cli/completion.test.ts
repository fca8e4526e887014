// Completion as a shell asks for it: commands, options, and names that the node knows.

import { spawnSync } from 'node:child_process'
import { writeFileSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { key } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from '../admin/admin-socket.ts'
import { orb } from './surroundings.ts'

t.test('what may come next', async t => {
  const house = await new TestHouse().open()
  const { socketPath } = await openAdmin(t, house.house, { clock: house.clock })
  await house.add(key('c1'), { pod: { namespace: 'default', name: 'web-1' } })
  const rows: [string[], string[]][] = [
    [['sta'], ['status']],
    [
      ['node', ''],
      ['drain', 'undrain', 'remove', 'help']
    ],
    [['--no'], ['--node']],
    [['pools', '--out'], ['--output']],
    [
      ['pools', '-o', ''],
      ['json', 'yaml', 'wide', 'name']
    ],
    [['addresses', '--pool', ''], ['blue']],
    [['addresses', '--state', 'qu'], ['quarantined']],
    [['blocks', ''], ['10.9.0.0/29']],
    [['why', ''], ['10.9.0.2']],
    [['explain', 'def'], ['default/web-1']],
    [['--node', ''], []],
    [['node', 'remove', ''], ['n1']],
    [['apply', '-f', ''], [':files']],
    [
      ['delete', ''],
      ['pool', 'subnet', 'reserved']
    ],
    [['delete', 'pool', ''], ['blue']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish']
    ],
    [['status', 'x', ''], []]
  ]
  for (const [words, expected] of rows) {
    const { out, status } = await orb(socketPath, ['__complete', '--', ...words])
    t.equal(status, 0)
    const found = out.split('\n').filter(Boolean)
    t.same(
      found.map(line => line.split('\t')[0]),
      expected,
      words.join(' ')
    )
  }
  const dead = await orb('/nonexistent/admin.sock', ['__complete', '--', 'why', ''])
  t.same(dead, { status: 0, out: '', err: '' }, 'a node that does not answer offers nothing')
})

t.test('bash completes with the script', async t => {
  const dir = t.testdir()
  const { out } = await orb('/nonexistent', ['completion', 'bash'])
  writeFileSync(join(dir, 'completion.bash'), out)
  const fake =
    '#!/bin/sh\nshift 2\ncase "$*" in "add") printf "addresses\\thow\\n";; *) echo :files;; esac\n'
  writeFileSync(join(dir, 'orb'), fake)
  chmodSync(join(dir, 'orb'), 0o755)
  const script = `
    PATH=${dir}:$PATH; cd ${dir}; source completion.bash
    COMP_WORDS=(orb add); COMP_CWORD=1; _orb; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(orb apply -f compl); COMP_CWORD=3; _orb; echo "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  t.same({ stdout, stderr }, { stdout: 'addresses\ncompletion.bash\n', stderr: '' })
})

t.test('the others are scripts of their shells', async t => {
  for (const [shell, mark] of [
    ['zsh', /^#compdef orb\n/],
    ['fish', /complete -c orb -f -a/]
  ] as const) {
    const { out } = await orb('/nonexistent', ['completion', shell])
    t.match(out, mark)
    t.match(out, 'orb __complete --')
    const script = join(t.testdir({ script: out }), 'script')
    const check = spawnSync(shell, ['-n', script], { encoding: 'utf8' })
    if (check.error === undefined) t.equal(check.status, 0, `${shell} reads it: ${check.stderr}`)
    else t.comment(`left out: there is no ${shell} here to read its script`)
  }
})
