// M5: a machine is off and removed; it is switched on with its old disk before its peers have read of the
// removal, and they confirm that nothing was forgotten.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

export async function bootRead(stage: Stage): Promise<void> {
  await stage.form()
  stage.node(0).powerOff()
  // Nobody can read the registry now; the machine's record is there.
  for (const node of [0, 1, 2]) stage.world.registry.cut(node, 1)
  stage.remove(0, 1)
  stage.node(0).powerOn()
  stage.pod(0)
  await stage.pass(12_000)
  for (const node of [0, 1, 2]) stage.world.registry.cut(node, -1)
  stage.pod(1)
  await stage.pass(30_000)
}

t.test('after a reboot the registry is read before anything is served', async t => {
  t.equal(await play(bootRead), undefined)
})

t.test('without it a removed machine starts pods', async t => {
  t.match(await play(bootRead, { without: ['bootRead'] }), /^S[123]/)
})
