// A node that ran without others has a cluster of its own, in which all addresses are its own. Told to join another
// one, it must not go on to hand out what that one's nodes hand out as well.

import '../support/own-host.ts'

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeClusterKey } from '../../src/mesh/cluster-key.ts'
import { allocatedBy } from '../support/admin.ts'
import { eventually } from '../support/command.ts'
import { plugin } from '../support/ipam.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { RecoveringNode } from './recovering-node.ts'

const what = 'a node that was alone'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', plugin])) {
  t.test('a node that was alone', suite)
}

async function suite(t: Test): Promise<void> {
  const keyFile = join(mkdtempSync(join(tmpdir(), 'own-cluster-')), 'cluster.key')
  makeClusterKey(keyFile)
  const at = (port: number) => `/ip4/127.0.0.1/tcp/${port}`
  const [here, there, elsewhere] = [at(17960), at(17961), at(17962)]
  const member = new RecoveringNode('node-a', { listen: [here], keyFile, registrar: true })
  const loner = new RecoveringNode('node-b', undefined)
  const late = new RecoveringNode('node-c', { listen: [elsewhere], keyFile, peers: [there] })
  t.teardown(async () => {
    for (const node of [member, loner, late]) await node.stop()
  })
  await loner.start()
  const old = await loner.add('pod-old')
  const going = await loner.add('pod-going')
  await loner.stop()
  await member.start()
  await eventually('the other cluster serves', () =>
    member.add('pod-new').then(
      () => true,
      () => false
    )
  )
  await loner.start({ mesh: { listen: [there], keyFile, peers: [here] } })
  const { status, stdout } = await loner.tryAdd('pod-b', old.netns)
  t.not(status, 0)
  t.match(JSON.parse(stdout), { code: 113, msg: /a cluster of its own.*remove \S+\/state/ })
  t.equal((await loner.delete(going)).status, 0, 'a pod can end all the same')
  await loner.stop()
  await loner.start()
  t.same(await allocatedBy(loner.daemon), [old.address], 'without others it is what it was')
  await loner.add('pod-later')
  await loner.stop()
  await loner.start({ mesh: { listen: [there], keyFile, registrar: true } })
  await late.start()
  await eventually('others may join it', () =>
    late.add('pod-late').then(
      () => true,
      () => false
    )
  )
  await loner.stop()
  await loner.start({ mesh: { listen: [there], keyFile, peers: [here] } })
  const [one] = await allocatedBy(loner.daemon)
  t.type(one, 'string', 'a registrar that hands over is none of these')
}
