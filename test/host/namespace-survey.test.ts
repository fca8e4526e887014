// Real namespaces and the addresses in them: named, held by a process only, and in places of their own.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { formatAddress } from '../../src/core/address.ts'
import { judgeSandbox } from '../../src/core/sandbox.ts'
import { createNamespaceFiles } from '../../src/host/namespace-files.ts'
import { parseNamespaceMounts } from '../../src/host/namespace-mounts.ts'
import { surveyNamespaces } from '../../src/host/namespace-survey.ts'
import { requireRoot } from '../support/privilege.ts'

const probe = createNamespaceFiles('/proc/sys/kernel/random/boot_id')
const ip = (...args: readonly string[]) => execFileSync('ip', args)

async function homeOf(text: string, directories?: readonly string[]) {
  const { namespaces } = await surveyNamespaces(probe, directories)
  return namespaces.find(({ addresses }) => addresses.map(formatAddress).includes(text))
}

t.test('mounts', async t => {
  const text = [
    '24 1 0:22 / /proc rw - proc proc rw',
    '90 30 0:4 net:[4026532300] /run/netns/blue rw shared:5 - nsfs nsfs rw',
    '91 30 0:4 mnt:[4026532301] /run/snap rw - nsfs nsfs rw',
    String.raw`92 30 0:4 net:[4026532302] /run/a\040b rw - nsfs nsfs rw`,
    '93 30',
    ''
  ]
  t.same(parseNamespaceMounts(text.join('\n')), ['/run/netns/blue', '/run/a b'])
})

t.test('real namespaces', async t => {
  if (!requireRoot(t, 'looking into network namespaces')) return

  t.test('a named one, until it is gone', async t => {
    const name = `ow-survey-${process.pid}`
    ip('netns', 'add', name)
    t.teardown(() => execFileSync('sh', ['-c', `ip netns delete ${name} 2>/dev/null || true`]))
    ip('-n', name, 'address', 'add', '10.202.0.5/16', 'dev', 'lo')
    ip('-n', name, 'address', 'add', 'fd00:202::5/64', 'dev', 'lo', 'nodad')
    const home = await homeOf('10.202.0.5')
    t.equal(home?.path, `/run/netns/${name}`)
    t.same(home?.addresses.map(formatAddress).toSorted(), ['10.202.0.5', 'fd00:202::5'])
    if (home === undefined) return
    const { path, id, witness } = home
    const [first] = await probe.sight([{ path, began: { boot: '', ns: 0n } }])
    const began = { boot: first?.boot ?? '', ns: 1n }
    const sandbox = { path, namespace: id, witness, began }
    const verdict = async () => {
      const [sighting] = await probe.sight([sandbox])
      return sighting && judgeSandbox(sandbox, sighting).type
    }
    t.equal(await verdict(), 'Alive')
    ip('netns', 'delete', name)
    t.equal(await verdict(), 'Gone')
    t.equal(await homeOf('10.202.0.5'), undefined)
  })

  t.test('one that only a process holds', async t => {
    const script = 'ip address add 10.202.0.6/16 dev lo && echo up && exec sleep 60'
    const child = spawn('unshare', ['--net', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    t.teardown(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    const home = await homeOf('10.202.0.6')
    t.match(home?.path, new RegExp(`^/proc/${child.pid}/task/\\d+/ns/net$`))
    t.equal(home?.witness.path, '/proc')
  })

  t.test('only in certain places', async t => {
    const directory = mkdtempSync(join(tmpdir(), 'orbweaver-survey-'))
    const [file, outside] = [join(directory, 'one'), `ow-survey-o-${process.pid}`]
    t.teardown(() => {
      execFileSync('sh', ['-c', `umount ${file}; ip netns delete ${outside}; true`])
      rmSync(directory, { recursive: true })
    })
    ip('netns', 'add', outside)
    ip('-n', outside, 'address', 'add', '10.202.0.8/16', 'dev', 'lo')
    writeFileSync(file, '')
    execFileSync('unshare', [`--net=${file}`, 'ip', 'address', 'add', '10.202.0.7/16', 'dev', 'lo'])
    writeFileSync(join(directory, 'plain'), '')
    symlinkSync('/nowhere', join(directory, 'dangling'))
    symlinkSync('/proc/self/ns/net', join(directory, 'host'))
    const { namespaces, unseen } = await surveyNamespaces(probe, [directory, '/nowhere'])
    t.same(unseen, [])
    t.same(
      namespaces.map(({ path, addresses }) => [path, addresses.map(formatAddress)]),
      [[file, ['10.202.0.7']]]
    )
    const blind = await surveyNamespaces(probe, [join(directory, 'plain')])
    t.match(blind.unseen, [/ENOTDIR/], 'what cannot be read is said')
  })
})
