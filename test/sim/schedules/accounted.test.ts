// The only address of a pool is on its way from D to E, and a third node's pod asks both.

import t from 'tap'
import { Violation } from '../../../scripts/sim/judge.ts'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [d, e, f] = [0, 1, 2]

export async function lastOnItsWay(stage: Stage): Promise<void> {
  await stage.form()
  stage.hold([d, e, 'Grant', 'Delta', 'Summary'], [f, e, 'Delta', 'Summary'])
  const { id } = stage.pod(e)
  await stage.until('D has granted', () => stage.held('Grant', d, e).length > 0)
  stage.stop(id)
  const pod = stage.pod(f)
  await stage.pass(8_000)
  if (stage.world.coverage.of('full') > 0) {
    throw new Violation('V3', 'a pod is told that the pool is full, and no pod has an address')
  }
  stage.hold()
  stage.lose()
  await stage.until('the pod gets the address', () => pod.address() !== undefined)
}

t.test('what is on its way is not in use', async t => {
  t.equal(await play(lastOnItsWay, { addresses: 1 }), undefined)
})

t.test('were it enough that everybody says so, a pool would be full of nothing', async t => {
  t.match(await play(lastOnItsWay, { addresses: 1, without: ['accounted'] }), /^V3/)
})
