// A pod was released and its link is still there: what happens to custody meanwhile, and who asks, must not make its
// address free before it has cooled down.

import t from 'tap'
import { type Address, formatAddress } from '../../../src/core/address.ts'
import type { Proposal } from '../../../src/core/registry/record.ts'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [h, z] = [0, 1]

function record(stage: Stage, proposal: Proposal): void {
  const why = stage.world.registry.write({ ...proposal, author: 'operator', atMs: 0 })
  if (why !== undefined) throw new Error(why)
}

/** The only range there is. */
function range(stage: Stage) {
  const [territory] = stage.world.territories
  const address = formatAddress(territory?.addresses[0] ?? (0n as Address))
  return { domain: territory?.domain ?? '', first: address, last: address }
}

async function read(stage: Stage, node: number): Promise<void> {
  stage.node(node).refs?.secretary.tell({ type: 'Learn' })
  await stage.until('it has read of it', () => stage.hasReadAll(node))
}

export async function keptAfterAll(stage: Stage): Promise<void> {
  await stage.form()
  const first = stage.pod(h)
  await stage.until('it has the address', () => first.address() !== undefined)
  stage.node(h).pods?.stop(first.id, 'releaseFirst')
  await stage.pass(5)
  record(stage, { type: 'RangeDrain', ...range(stage) })
  await read(stage, h)
  record(stage, { type: 'RangeKeep', ...range(stage) })
  await read(stage, h)
  const second = stage.pod(h)
  await stage.until('it is free again', () => second.address() !== undefined)
}

/** Z lost its disk under a living pod, and came back; a person says that its first incarnation is no more. */
export async function heirAsks(stage: Stage): Promise<void> {
  await stage.form()
  const first = stage.pod(z)
  await stage.until('Z has the address', () => first.address() !== undefined)
  const { incarnation } = stage.node(z).disk
  stage.hold([h, z, 'Collect'])
  stage.loseDisk(z)
  while (stage.world.judge.memberOf(stage.node(z)) === undefined) await stage.pass(0.2)
  const heir = stage.node(h).disk.incarnation
  const evidence = 'its disk is gone'
  record(stage, { type: 'Remove', incarnation, heir, assertion: 'OPERATOR', evidence })
  await read(stage, h)
  const second = stage.pod(h)
  await stage.until('H asks Z', () => stage.held('Collect').length > 0)
  stage.node(z).pods?.stop(first.id, 'releaseFirst')
  await stage.pass(5)
  stage.hold()
  stage.letGo('Collect')
  await stage.until('H has the address', () => second.address() !== undefined)
}

t.test('a drain that is called off', async t => {
  t.equal(await play(keptAfterAll, { nodes: 2, addresses: 1 }), undefined)
})

t.test('an heir asks where a pod of the removed one has just been released', async t => {
  t.equal(await play(heirAsks, { nodes: 2, addresses: 1 }), undefined)
})
