// docs/operating.md quotes log lines and commands that people set alarms on and type: they must be the real ones.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const runbook = read('docs/operating.md')
const sources = globSync('src/**/*.ts', { cwd: root }).map(read).join('\n')

t.test('the lines to raise an alarm on are lines of the log', async t => {
  const [, section = ''] = runbook.split('## What to raise an alarm on')
  const lines = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, line = '']) => line)
  t.ok(lines.length > 10)
  for (const line of lines) {
    const begins = [`'${line}`, `\`${line}`].some(start => sources.includes(start))
    t.ok(begins, line)
  }
})

t.test('the commands are commands', async t => {
  const usage = read('src/commands.ts')
  const page = read('docs/orb.md')
  const named = [...runbook.matchAll(/`(orbweaverd|orb) ((?:node )?[a-z-]+)/g)]
  t.ok(named.length > 10)
  for (const [, program = '', verb = ''] of named) {
    if (program === 'orb') t.ok(page.includes(`$ orb ${verb}`), `orb ${verb}`)
    else t.ok(usage.includes(`  orbweaverd ${verb}`), `orbweaverd ${verb}`)
  }
})

t.test('every path of the admin socket is documented, and no other', async t => {
  const paths = (text: string) => new Set(text.match(/\/v1\/[a-z]+/g))
  const [, section = ''] = read('docs/configuration.md').split('## The admin socket')
  t.same([...paths(section)].sort(), [...paths(read('src/admin/routes.ts'))].sort())
})
