// One member is off and not removed, and at another one the only address that is not in use cools down: a pod waits
// for it, as it would if everybody could be asked.

import t from 'tap'
import { Stage } from '../../../scripts/sim/stage.ts'

const [d, e, f] = [0, 1, 2]

t.test('what cools down at those who answer is waited for, whoever is silent', async t => {
  const stage = new Stage({ addresses: 2 })
  t.teardown(() => stage.world.close())
  await stage.form()
  const [ours, theirs] = [stage.pod(d), stage.pod(f)]
  await stage.until('both addresses are in use', () => theirs.address() !== undefined)
  stage.node(f).powerOff()
  await stage.pass(20_000)
  stage.node(d).pods?.stop(ours.id, 'releaseFirst')
  await stage.pass(5)
  const pod = stage.pod(e)
  await stage.until('it has cooled down', () => pod.address() !== undefined)
  const { coverage } = stage.world
  t.equal(coverage.of('refused: PoolUnreachable'), 0, 'nobody was told that there is none')
  t.equal(stage.node(e).pods?.pods.get(pod.id)?.attempts, 1, 'by the first try')
})

t.test('where nothing cools down it is said at once who is silent', async t => {
  const stage = new Stage({ addresses: 2 })
  t.teardown(() => stage.world.close())
  await stage.form()
  const [, theirs] = [stage.pod(d), stage.pod(f)]
  await stage.until('both addresses are in use', () => theirs.address() !== undefined)
  stage.node(f).powerOff()
  await stage.pass(20_000)
  const { coverage } = stage.world
  stage.pod(e)
  await stage.pass(2_000)
  t.not(coverage.of('refused: PoolUnreachable'), 0)
})
