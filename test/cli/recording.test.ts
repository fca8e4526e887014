// docs/orb.md shows what orb says: each of its commands is run again against three real daemons, and compared.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { comparable, recorded } from '../../scripts/record/page.ts'
import { Session } from '../../scripts/record/session.ts'
import { programOf } from '../../src/cli/program.ts'
import { silentSurroundings } from './surroundings.ts'

const file = join(import.meta.dirname, '../../docs/orb.md')
const page = readFileSync(file, 'utf8')

t.test('the page says what the commands say', async t => {
  await using session = await Session.open()
  const now = await recorded(page, session)
  const [was, is] = [comparable(page).split('\n'), comparable(now).split('\n')]
  const at = was.findIndex((line, i) => line !== is[i])
  t.same(is.slice(at < 0 ? is.length : at, at + 12), at < 0 ? [] : was.slice(at, at + 12))
  t.equal(is.length, was.length)
})

t.test('the rules forgive what differs by nature, and nothing else', async t => {
  const one = '10.58.0.16-10.58.0.31   held   shared-v4   n2\nstate for 3s, record 7\n'
  const other =
    '10.58.0.16-10.58.0.23   held   shared-v4   n2\n10.58.0.24   x\nstate for 12m, record 9\n'
  t.equal(comparable(one), comparable(other))
  t.not(comparable('n1     Serving   0.2.0'), comparable('n1     Draining   0.2.0'))
  t.not(comparable('orb: it is cooling'), comparable('orb: it is free'))
})

t.test('every command is on the page', async t => {
  const program = programOf(silentSurroundings())
  for (const command of program.commands.flatMap(one =>
    one.commands.length > 0 ? one.commands : [one]
  )) {
    const name = [command.parent === program ? [] : [command.parent?.name() ?? ''], command.name()]
      .flat()
      .join(' ')
    if (name === '__complete') continue
    t.match(page, new RegExp(`\\borb ${name}\\b`), name)
  }
})
