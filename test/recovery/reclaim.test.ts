// Pods whose DEL never comes, on a real daemon with real namespaces: what files tell of them is believed where their
// namespaces stand empty. And pods whose addresses are reserved for others afterwards: they keep them.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { allocatedBy, attachmentsOf, poolsOf } from '../support/admin.ts'
import { eventually } from '../support/command.ts'
import { plugin, poolsYaml } from '../support/ipam.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { pool, RecoveringNode } from './recovering-node.ts'

/** The inode of the first PID namespace (include/linux/proc_ns.h): only there all processes are seen. */
const seesAll = readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]'

const what = 'reclaim'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', plugin])) {
  if (seesAll) t.test('pods that are over', reclaim)
  else t.pass('where not all processes are seen nothing is concluded', { skip: true })
  t.test('reserved addresses evict nobody', evictNobody)
}

function opened(t: Test, name: string): RecoveringNode {
  const node = new RecoveringNode(name, undefined)
  mkdirSync(join(node.dir, 'facts'))
  t.teardown(async () => {
    await node.stop()
    for (const file of readdirSync(join(node.dir, 'netns'))) {
      execFileSync('umount', [join(node.dir, 'netns', file)])
    }
    rmSync(node.dir, { recursive: true })
  })
  return node
}

/** Replace the only file, as a whole. */
function tell(node: RecoveringNode, ...names: readonly string[]): void {
  const documents = names.map(name =>
    stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', uid: `u-${name}` },
      status: { phase: 'Running' }
    })
  )
  writeFileSync(join(node.dir, 'facts/.new'), documents.join('---\n'))
  renameSync(join(node.dir, 'facts/.new'), join(node.dir, 'facts/pods.yaml'))
}

async function reclaim(t: Test): Promise<void> {
  const node = opened(t, 'node-r')
  tell(node, 'left', 'linked', 'running', 'first')
  await node.start({ factsDirs: [join(node.dir, 'facts')] })
  const add = (name: string) => {
    node.cniArgs = `IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=${name};K8S_POD_UID=u-${name}`
    return node.add(name)
  }
  const left = await add('left')
  await add('linked')
  const running = await add('running')
  await node.unplug(left)
  await node.unplug(running)
  const names = async () =>
    (await attachmentsOf(node.daemon)).map(one => one.containerId).toSorted()
  // Its namespace goes, so a round that releases it has looked at all of them.
  const first = await add('first')
  execFileSync('umount', [first.netns])
  rmSync(first.netns)
  await eventually('a first round', async () => !(await names()).includes('first'))
  tell(node, 'running')
  await eventually('the pod that left nothing is released', async () => {
    return !(await names()).includes('left')
  })
  t.same(await names(), ['linked', 'running'], 'a link answers for its address, and one pod runs')
  t.match(node.daemon.log(), /its pod is over and its namespace empty/)
  const again = await add('again')
  t.not(again.address, left.address, 'it has rested; next-fit goes on')
}

async function evictNobody(t: Test): Promise<void> {
  const node = opened(t, 'node-e')
  await node.start()
  const pods = [await node.add('a'), await node.add('b'), await node.add('c')]
  const [a, b, c] = pods.map(({ address }) => address)
  const reserved = stringify({
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderReservedIP',
    metadata: { name: 'printers' },
    spec: { ips: [a] }
  })
  const excluding = { ...pool, excludeIPs: [b], ips: ['10.201.0.10-10.201.0.20'] }
  writeFileSync(
    join(node.daemon.poolDir, 'pools.yaml'),
    `${poolsYaml([excluding])}---\n${reserved}`
  )
  await eventually('the pools are in force', async () => {
    const total = (await poolsOf(node.daemon)).find(({ name }) => name === pool.name)?.total
    return total !== 64
  })
  t.equal(new Set(await allocatedBy(node.daemon)).intersection(new Set([a, b, c])).size, 3)
  for (const pod of pods.slice(0, 2)) {
    const { status } = await node.tryAdd(pod.containerId, pod.netns)
    t.equal(status, 0, 'who asks again has it still')
  }
  for (const pod of pods.slice(0, 2)) t.equal((await node.delete(pod)).status, 0)
  const later = new Set<string>()
  for (let i = 0; i < 8; i += 1) later.add((await node.add(`later-${i}`)).address)
  t.equal(later.size, 8, 'all that is left')
  t.notOk([a, b, c].some(one => later.has(one ?? '')))
  await t.rejects(node.add('too-many'), { message: /"code": ?110/ }, 'neither of the two is given')
}
