// As many pods as addresses, all at once: every pod gets one, soon, and for few requests.

import t from 'tap'
import { burst } from '../../scripts/sim/burst.ts'

for (const [nodes, isSkewed] of [
  [1, false],
  [3, false],
  [10, false],
  [10, true],
  [30, false]
] as const) {
  const name = `1000 pods on exactly 1000 addresses, ${nodes} nodes${isSkewed ? ', skewed' : ''}`
  t.test(name, async t => {
    const { served, p99Ms, lastMs, asks, grants } = await burst(nodes, 1_000, isSkewed)
    t.equal(served, 1_000)
    t.ok(p99Ms < 1_000, `99 of 100 wait less than a second, namely ${p99Ms} ms`)
    t.ok(lastMs < 5_000, `and the last one ${lastMs} ms`)
    t.ok(asks < 2_000 && grants < 1_000, `${asks} requests, ${grants} grants`)
  })
}
