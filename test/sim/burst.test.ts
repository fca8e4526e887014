// As many pods as addresses, all at once: every pod gets one, soon, and for few requests.

import t from 'tap'
import { burst } from '../../scripts/sim/burst.ts'

for (const [nodes, isSkewed] of [
  [1, false],
  [3, false],
  [10, false],
  [10, true],
  [100, false]
] as const) {
  const name = `1000 pods on exactly 1000 addresses, ${nodes} nodes${isSkewed ? ', skewed' : ''}`
  t.test(name, async t => {
    const { first, again } = await burst(nodes, 1_000, isSkewed)
    for (const [which, round] of Object.entries({ first, again })) {
      const { served, failed, p99Ms, lastMs, asks, grants } = round
      t.equal(served, 1_000, which)
      t.equal(failed, 0, 'by the first try')
      t.ok(p99Ms < 1_000, `99 of 100 wait less than a second, namely ${p99Ms} ms`)
      t.ok(lastMs < 5_000, `and the last one ${lastMs} ms`)
      t.ok(asks < 4_000 && grants < 1_000, `${asks} requests, ${grants} grants`)
    }
  })
}
