// What a thread notes is told later and together, and nothing of it is lost at the end.

import t from 'tap'
import type { NodeEvent } from '../../src/core/event.ts'
import { createLateChronicle } from '../../src/telemetry/late-chronicle.ts'
import { eventually } from '../support/command.ts'

const answered = (verb: string): NodeEvent => ({
  ...{ type: 'Answered', verb, code: 0, ms: 1, decidingMs: 1 }
})

t.test('later and together', async t => {
  const told: (readonly NodeEvent[])[] = []
  const chronicle = createLateChronicle(events => void told.push(events))
  chronicle.note(answered('ADD'))
  chronicle.note(answered('DEL'))
  t.same(told, [], 'nobody is told while somebody waits for an answer')
  await eventually('they are told', () => told.length > 0)
  t.same(told, [[answered('ADD'), answered('DEL')]])
  chronicle.note(answered('GC'))
  await eventually('the next one too', () => told.length > 1)
  t.same(told[1], [answered('GC')])
})

t.test('at once when it ends', async t => {
  const told: (readonly NodeEvent[])[] = []
  const chronicle = createLateChronicle(events => void told.push(events))
  chronicle.flush()
  chronicle.note(answered('ADD'))
  chronicle.flush()
  t.same(told, [[answered('ADD')]])
})
