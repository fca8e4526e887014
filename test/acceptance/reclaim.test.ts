// Addresses of pods that end without a word, too fast, or under the name of another: what is given back, and
// what is not.

import { readlinkSync } from 'node:fs'
import t from 'tap'
import { eventually } from '../support/command.ts'
import { requireRoot } from '../support/privilege.ts'
import { type KubeObject, numberedPool, podObject, withPods, workloadObject } from './kube.ts'
import { anyPod, type Pod, sandboxOf } from './kubelet.ts'
import { Stage } from './stage.ts'

/** The inode of the first PID namespace (include/linux/proc_ns.h): only there all processes are seen. */
const seesAll = readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]'

const job = { kind: 'Job', name: 'job' }
const podOfJob = (name: string, phase: string, more: Record<string, unknown> = {}): KubeObject => {
  const told = podObject({ name, of: job, phase, spec: { restartPolicy: 'Never' } })
  return { ...told, metadata: { ...told.metadata, ...more } }
}

const stage = await Stage.open(t, {
  pools: [numberedPool('blue', 203, 60, { default: true })],
  facts: [
    workloadObject(job),
    podOfJob('done-0', 'Running'),
    podOfJob('failed-0', 'Running')
  ].concat([
    ...[podOfJob('going-0', 'Running'), podOfJob('running-0', 'Running')],
    ...withPods({ kind: 'Deployment', name: 'web', replicas: 2 }, 1)
  ]),
  config: { reconcile: { everySeconds: 0.2, graceSeconds: 0 } }
})
const kubelet = stage.kubelet()
const held = async () => (await stage.attachments()).map(({ containerId }) => containerId)
const releases = (pod: Pod) =>
  eventually(`${pod.name} is released`, async () => !(await held()).includes(pod.id))

const over = ['done-0', 'failed-0', 'going-0', 'running-0'].map(name => sandboxOf(name))
const stale = sandboxOf('web-0', { uid: 'uid-of-now' })
for (const pod of [...over, stale]) await kubelet.add(pod)
stage.tell(
  'told',
  ...[workloadObject(job), podOfJob('done-0', 'Succeeded'), podOfJob('failed-0', 'Failed')],
  podOfJob('going-0', 'Running', {
    deletionTimestamp: '2020-01-01T00:00:00Z',
    deletionGracePeriodSeconds: 0
  }),
  ...[podOfJob('running-0', 'Running'), ...withPods({ kind: 'Deployment', name: 'web' }, 1)]
)

t.test(
  'G00002: the end of a pod in one namespace is nothing to its namesake in another',
  async t => {
    const [here, there] = ['one', 'two'].map(namespace => sandboxOf('twin', { namespace }))
    if (here === undefined || there === undefined) return
    const [left, stays] = [await kubelet.add(here), await kubelet.add(there)]
    await kubelet.del(here)
    t.equal(await kubelet.check(there, stays), undefined)
    t.equal((await kubelet.add(there)).text, stays.text)
    t.notOk((await stage.allocated()).includes(left.ips[0] ?? ''))
    await kubelet.del(there)
  }
)

t.test(
  'G00004 #4916 #4982: a pod that is killed without grace and made anew at once meets nothing in its way',
  async t => {
    for (let i = 0; i < 20; i += 1) {
      const pod = sandboxOf('fast-0', { uid: `uid-${i}` })
      await kubelet.add(pod)
      // Every second one is still going when the next one comes.
      if (i % 2 === 0) await kubelet.del(pod)
      else void kubelet.del(pod)
    }
    await eventually(
      'nothing of them is left',
      async () => !(await stage.attachments()).some(({ pod }) => pod?.name === 'fast-0')
    )
    t.equal(stage.daemon.process.exitCode, null)
  }
)

t.test(
  'G00005 G00007 G00003 #1659: what no sandbox stands for is cleaned, the living next to it stays',
  async t => {
    if (!requireRoot(t, 'removing network namespaces')) return
    const living = anyPod()
    await kubelet.add(living)
    await t.test('a wrong container id, when the runtime says which there are', async t => {
      const network = 'net-gc'
      const [known, forged] = [anyPod(), anyPod()]
      for (const pod of [known, forged]) await kubelet.add(pod, { network })
      await kubelet.collect([known], { network })
      t.same(new Set(await held()).has(forged.id), false)
      t.same(new Set(await held()).has(known.id), true)
      await kubelet.del(known, { network })
    })
    await t.test('a pod that nobody knows, whose namespace is gone', async t => {
      if (!seesAll) return void t.pass('where not all processes are seen nothing is concluded')
      const namespace = await stage.namespace()
      const forged = sandboxOf('nobody', { netns: namespace.path })
      await kubelet.add(forged)
      await namespace.remove()
      await releases(forged)
      t.match(stage.daemon.log(), /released: its pod is gone and no DEL came/)
    })
    t.ok((await held()).includes(living.id))
    await kubelet.del(living)
  }
)

t.test(
  'G00006 G16 G21 #4888: finished pods give back, those that are being deleted or told of wrongly do not',
  async t => {
    if (!requireRoot(t, 'looking into all namespaces')) return
    if (!seesAll) return void t.pass('where not all processes are seen nothing is concluded')
    const [done, failed, going, running] = over as [Pod, Pod, Pod, Pod]
    await releases(done)
    await releases(failed)
    const names = (await stage.attachments()).map(({ pod }) => pod?.name ?? '').toSorted()
    t.same(
      names,
      ['going-0', 'running-0', 'web-0'],
      'with the uid of an earlier pod nothing is said of this one'
    )
    for (const pod of [going, running, stale]) await kubelet.del(pod)
    t.same(await stage.allocated(), [])
  }
)
