// Half of the mesh does not work: nobody hears rumours, or rumours are all that anybody hears. In virtual time,
// under the judge of the simulator.

import t from 'tap'
import { Stage } from '../../scripts/sim/stage.ts'

const addresses = 12

function runs(pods: readonly ReturnType<Stage['pod']>[]): number {
  return pods.filter(({ address }) => address() !== undefined).length
}

t.test('streams without rumours: every address is found all the same', async t => {
  const stage = new Stage({ nodes: 3, addresses })
  t.teardown(() => stage.world.close())
  stage.world.net.publish = () => {}
  await stage.form()
  const pods = Array.from({ length: addresses }, (_, i) => stage.pod(i % 3))
  await stage.until('all pods run', () => runs(pods) === addresses)
  const isSame = () => stage.sameRegisters(0, 1) && stage.sameRegisters(0, 2)
  await stage.until('all know the same', isSame)
  t.equal(new Set(pods.map(({ address }) => address())).size, addresses)
})

t.test('rumours without streams: nothing moves, nothing doubles, and it heals', async t => {
  const stage = new Stage({ nodes: 3, addresses })
  t.teardown(() => stage.world.close())
  await stage.form()
  const first = stage.pod(1)
  await stage.until('a block moves', () => first.address() !== undefined)
  await stage.pass(8_000)
  const { net } = stage.world
  let rumours = 0
  const publish = net.publish.bind(net)
  net.publish = (...args) => {
    rumours += 1
    publish(...args)
  }
  net.holds = () => true
  const owners = (node: number) => [...stage.node(node).disk.registers.values()]
  const before = owners(1).map(({ owner }) => owner)
  const pods = Array.from({ length: addresses - 1 }, () => stage.pod(1))
  await stage.pass(30_000)
  t.ok(rumours > 0, 'rumours were told')
  t.ok(runs(pods) > 0, 'what it has it hands out')
  t.ok(runs(pods) < addresses, 'and no more')
  t.same(
    owners(1).map(({ owner }) => owner),
    before,
    'custody stays where it is'
  )
  stage.lose()
  stage.hold()
  await stage.until('all pods run', () => runs(pods) === addresses - 1)
  t.equal(new Set([first, ...pods].map(({ address }) => address())).size, addresses)
})
