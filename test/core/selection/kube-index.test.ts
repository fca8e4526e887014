// What an index of Kubernetes objects tells of a pod: whose it is, and what is not known.

import t from 'tap'
import type { Pod } from '../../../src/core/attachment.ts'
import { factsOfNode } from '../../../src/core/selection/facts.ts'
import { emptyIndex, factsOf, indexOf, presenceOf } from '../../../src/core/selection/kube-index.ts'
import { type KubeObject, readKubeObject } from '../../../src/core/selection/kube-objects.ts'

type Parts = Readonly<Record<string, unknown>>

const here = factsOfNode('node-a')
const web0: Pod = { namespace: 'shop', name: 'web-0', uid: 'u-0' }

function object(apiVersion: string, kind: string, metadata: Parts, more: Parts = {}): KubeObject {
  const found = readKubeObject({ apiVersion, kind, metadata, ...more }, `${kind}.yaml`)
  if ('problems' in found) throw new Error(found.problems.join())
  return found
}

function named(name: string, ...owners: readonly KubeObject[]): Parts {
  const ownerReferences = owners.map(({ apiVersion, kind, name, uid }) => ({
    ...{ apiVersion, kind, name, uid },
    controller: true
  }))
  return { namespace: 'shop', name, uid: `u-${name}`, ownerReferences }
}

function podOf(...owners: readonly KubeObject[]): KubeObject {
  return object('v1', 'Pod', { ...named('web-0', ...owners), uid: 'u-0', labels: { app: 'web' } })
}

function ownerIn(objects: readonly KubeObject[]) {
  return factsOf(indexOf(objects), web0, here).pod?.owner
}

t.test('nothing is known without objects', async t => {
  t.same(factsOf(emptyIndex, web0, here), here)
  t.same(factsOf(emptyIndex, {}, here), here)
})

t.test('a pod, its namespace and the node, each when it is there', async t => {
  const namespace = object('v1', 'Namespace', { name: 'shop', labels: { team: 'a' } })
  const node = object('v1', 'Node', { name: 'node-a', labels: { zone: 'z1' } })
  const other = object('v1', 'Node', { name: 'node-b', labels: { zone: 'z2' } })
  const index = indexOf([podOf(), namespace, node, other])
  const known = { labels: { app: 'web' }, annotations: {}, isGone: false }
  const place = {
    networks: here.networks,
    node: { name: 'node-a', labels: { zone: 'z1' } },
    namespace: { labels: { team: 'a' }, annotations: {} }
  }
  t.same(factsOf(index, web0, here), { ...place, pod: known })
  t.same(factsOf(index, { namespace: 'shop', name: 'web-1' }, here), place)
  t.same(factsOf(index, { namespace: 'shop' }, here), place)
  t.same(factsOf(index, { ...web0, namespace: 'stock' }, here), {
    networks: here.networks,
    node: place.node
  })
  t.same(factsOf(index, web0, factsOfNode('node-c')).node, { name: 'node-c' })
})

t.test('another uid is another pod', async t => {
  const index = indexOf([podOf()])
  t.equal(factsOf(index, { ...web0, uid: 'u-9' }, here).pod, undefined)
  t.ok(factsOf(index, { namespace: 'shop', name: 'web-0' }, here).pod)
  const byHand = object('v1', 'Pod', { namespace: 'shop', name: 'web-0' })
  t.ok(factsOf(indexOf([byHand]), web0, here).pod)
})

t.test('a pod has ended when that very pod has', async t => {
  const ended = { spec: { restartPolicy: 'Never' }, status: { phase: 'Succeeded' } }
  const index = indexOf([object('v1', 'Pod', named('web-0'), ended)])
  const unnamed = indexOf([object('v1', 'Pod', { namespace: 'shop', name: 'web-0' }, ended)])
  const pod = { namespace: 'shop', name: 'web-0', uid: 'u-web-0' }
  t.equal(presenceOf(index, pod), 'Ended')
  t.equal(presenceOf(index, web0), 'Untold', 'the other one may be earlier or later')
  t.equal(presenceOf(index, { namespace: 'shop', name: 'web-0' }), 'Told', 'it may be another one')
  t.equal(presenceOf(unnamed, pod), 'Told', 'it may be another one')
  t.equal(presenceOf(index, {}), 'Untold')
  t.equal(presenceOf(indexOf([podOf()]), web0), 'Told')
})

t.test('the controller at the top', async t => {
  const rows: [string, string, string, string, Parts, number][] = [
    ['apps/v1', 'ReplicaSet', 'apps/v1', 'Deployment', { spec: { replicas: 3 } }, 3],
    ['batch/v1', 'Job', 'batch/v1beta1', 'CronJob', {}, 1],
    ['kubevirt.io/v1', 'VirtualMachineInstance', 'kubevirt.io/v1', 'VirtualMachine', {}, 1]
  ]
  for (const [version, kind, topVersion, topKind, parts, replicas] of rows) {
    const top = object(topVersion, topKind, named('top'), parts)
    const between = object(version, kind, named('middle', top))
    const found = { apiVersion: topVersion, kind: topKind, name: 'top', uid: 'u-top' }
    t.same(ownerIn([podOf(between), between, top]), { ...found, replicas }, topKind)
    t.same(ownerIn([podOf(between), between]), found, `${topKind} is not there`)
    const own = { apiVersion: version, kind, name: 'middle', uid: 'u-middle' }
    t.same(ownerIn([podOf(between), top]), own, `${kind} is not there`)
    const alone = object(version, kind, named('middle'))
    t.same(ownerIn([podOf(alone), alone]), { ...own, replicas: 1 }, `${kind} of nobody`)
  }
})

t.test('owners that decide themselves about their pods stay, whosesoever they are', async t => {
  const operator = object('db.example/v1', 'Database', named('db'))
  const set = object('apps/v1', 'StatefulSet', named('db', operator), {
    spec: { replicas: 2, ordinals: { start: 4 } }
  })
  const { apiVersion, kind } = set
  t.same(ownerIn([podOf(set), set, operator]), {
    ...{ apiVersion, kind, name: 'db', uid: 'u-db' },
    ...{ replicas: 2, firstOrdinal: 4 }
  })
  const third = { apiVersion: 'db.example/v1', kind: 'Database', name: 'db', uid: 'u-db' }
  t.same(ownerIn([podOf(operator), operator]), third)
  t.same(ownerIn([podOf(operator)]), third)
  const rollout = object('argoproj.io/v1alpha1', 'Rollout', named('roll'))
  const between = object('apps/v1', 'ReplicaSet', named('roll-1', rollout))
  t.match(ownerIn([podOf(between), between]), { kind: 'Rollout', name: 'roll' })
  t.equal(ownerIn([podOf()]), undefined)
})

t.test('an owner that was made anew under its name is another one', async t => {
  const old = object('apps/v1', 'StatefulSet', named('web'))
  const anew = object('apps/v1', 'StatefulSet', { ...named('web'), uid: 'u-anew' })
  const { apiVersion, kind, name, uid } = old
  t.same(ownerIn([podOf(old), anew]), { apiVersion, kind, name, uid })
  const elsewhere = object('apps/v1', 'StatefulSet', { ...named('web'), namespace: 'stock' })
  t.same(ownerIn([podOf(old), elsewhere]), { apiVersion, kind, name, uid })
})

t.test('an object that is told twice is named, and the later one counts', async t => {
  const later = object('v1', 'Pod', { namespace: 'shop', name: 'web-0', labels: { app: 'new' } })
  const index = indexOf([podOf(), { ...later, source: 'b.yaml, document 3' }])
  t.same(index.problems, ['b.yaml, document 3: Pod shop/web-0 is in Pod.yaml too; this one counts'])
  t.same(factsOf(index, web0, here).pod?.labels, { app: 'new' })
  const node = object('v1', 'Node', { name: 'a' })
  t.match(indexOf([node, node]).problems, [/Node a is in Node\.yaml too/])
  const many = indexOf(Array.from({ length: 9 }, () => node)).problems
  t.same([many.length, many.at(-1)], [6, '3 objects more are told twice'])
})
