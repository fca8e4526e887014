// Very many nodes that join at once are in soon, by few records. 2,000: `npm run sim -- --storm`.

import t from 'tap'
import { storm } from '../../scripts/sim/storm.ts'

t.test('300 nodes at once, and over half a minute', async t => {
  for (const [withinMs, most] of [
    [1_000, 12],
    [30_000, 30]
  ] as const) {
    const { records, lastMs, questions } = await storm(300, withinMs)
    t.ok(records <= most, `${records} records`)
    t.ok(lastMs < withinMs + 10_000, `${lastMs} ms`)
    t.ok(questions < 300 * 12, `${questions} questions`)
  }
})
