// As many pods as addresses and one more, on four nodes, while a fifth of all messages gets lost, a fifth comes
// twice, and some come much later: the same as in fair weather, and for few grants.

import t from 'tap'
import { Stage } from '../../../scripts/sim/stage.ts'

const [nodes, addresses] = [4, 40]
const grantsPerPodMax = 2

for (const seed of [1, 2, 3, 4, 5]) {
  t.test(`seed ${seed}`, async t => {
    const stage = new Stage({ nodes, addresses, seed })
    t.teardown(() => stage.world.close())
    await stage.form()
    stage.world.net.weather = {
      ...{ loss: 0.2, doubling: 0.2, tail: 0.05 },
      ...{ delayMs: 2, tailMs: 20_000 }
    }
    const { coverage } = stage.world
    const before = coverage.of('grants')
    const pods = Array.from({ length: addresses + 1 }, (_, i) => stage.pod(i % nodes))
    const running = () => pods.filter(({ address }) => address() !== undefined)
    await stage.until('as many run as there are addresses', () => running().length === addresses)
    const grants = coverage.of('grants') - before
    t.ok(grants <= grantsPerPodMax * addresses, `${grants} grants for ${addresses} pods`)
    // Anything the judge minds throws, two owners of an address above all.
    await stage.pass(20_000)
    t.equal(running().length, addresses, 'the one that is too many waits')
    t.equal(new Set(pods.map(({ address }) => address())).size, addresses + 1)
    const [first] = running()
    if (first === undefined) throw new Error('nobody runs')
    stage.stop(first.id)
    const last = pods.find(pod => pod !== first && pod.address() === undefined)
    await stage.until('a pod has ended, and the last one runs', () => last?.address() !== undefined)
  })
}
