// Kubernetes objects cut down: what is kept of each kind, and what is said of those that are none.

import t from 'tap'
import { readKubeObject } from '../../../src/core/selection/kube-objects.ts'

type Parts = Readonly<Record<string, unknown>>

function read(value: Parts) {
  return readKubeObject(value, 'x.yaml, document 1')
}

function pod({ spec = {}, status = {}, ...metadata }: Parts = {}): Parts {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'web-0', ...metadata },
    spec,
    status
  }
}

function workload(apiVersion: string, kind: string, parts: Parts = {}): Parts {
  return { apiVersion, kind, metadata: { namespace: 'shop', name: 'web' }, ...parts }
}

t.test('a pod keeps its labels, its owner and the annotations that count', async t => {
  const controller = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u-web' }
  const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'u-other' }
  const found = read(
    pod({
      uid: 'u-0',
      labels: { app: 'web', empty: '' },
      annotations: { 'ipam.spidernet.io/ippool': '{"ipv4":["blue"]}', 'x/y': 'long' },
      ownerReferences: [other, { ...controller, controller: true, blockOwnerDeletion: true }],
      managedFields: [{ manager: 'kubelet' }],
      spec: { nodeName: 'node-a', restartPolicy: 'Always', containers: [] },
      status: { phase: 'Running' }
    })
  )
  t.same(found, {
    ...{ role: 'Pod', apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-0' },
    uid: 'u-0',
    labels: { app: 'web', empty: '' },
    annotations: { 'ipam.spidernet.io/ippool': '{"ipv4":["blue"]}' },
    controller,
    isGone: false,
    isEnded: false,
    source: 'x.yaml, document 1'
  })
})

t.test('a static pod has the uid that runtimes are told', async t => {
  const annotations = { 'kubernetes.io/config.mirror': 'u-static' }
  t.match(read(pod({ uid: 'u-mirror', annotations })), { uid: 'u-static', annotations: {} })
})

t.test('a pod is gone when it will not run again', async t => {
  const rows: [Parts, boolean][] = [
    [{}, false],
    [{ status: { phase: 'Pending' } }, false],
    [{ status: null, spec: null }, false],
    [{ deletionTimestamp: '2026-11-23T10:00:00Z' }, true],
    [{ deletionTimestamp: null }, false],
    [{ status: { phase: 'Succeeded' } }, false],
    [{ status: { phase: 'Succeeded' }, spec: { restartPolicy: 'Always' } }, false],
    [{ status: { phase: 'Succeeded' }, spec: { restartPolicy: 'OnFailure' } }, true],
    [{ status: { phase: 'Succeeded' }, spec: { restartPolicy: 'Never' } }, true],
    [{ status: { phase: 'Failed' } }, false],
    [{ status: { phase: 'Failed' }, spec: { restartPolicy: 'OnFailure' } }, false],
    [{ status: { phase: 'Failed' }, spec: { restartPolicy: 'Never' } }, true],
    [{ status: { phase: 'Failed', reason: 'Evicted' } }, true],
    [{ status: { phase: 'Running', reason: 'Evicted' } }, false]
  ]
  for (const [parts, isGone] of rows) {
    const isEnded = isGone && parts['deletionTimestamp'] === undefined
    t.match(read(pod(parts)), { isGone, isEnded }, JSON.stringify(parts))
  }
  const both = { deletionTimestamp: '2026-11-23T10:00:00Z', status: { phase: 'Running' } }
  t.match(read(pod(both)), { isGone: true, isEnded: false }, 'it still runs')
})

t.test('namespaces and nodes keep labels and annotations', async t => {
  for (const kind of ['Namespace', 'Node']) {
    const metadata = { name: 'a', labels: { zone: 'z1' }, annotations: { 'x/y': 'z' } }
    t.match(read({ apiVersion: 'v1', kind, metadata }), { role: kind, ...metadata })
  }
  t.match(read({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } }), {
    labels: {},
    annotations: {}
  })
})

t.test('how many pods a workload wants', async t => {
  const jobs: [Parts, number][] = [
    [{}, 1],
    [{ completions: 3 }, 3],
    [{ parallelism: 4 }, 4],
    [{ parallelism: 4, completions: 6 }, 6],
    [{ parallelism: 0 }, 1],
    [{ parallelism: 4, completions: 0 }, 1]
  ]
  const rows: [Parts, number | undefined, number?][] = [
    [workload('apps/v1', 'Deployment', { spec: { replicas: 3 } }), 3],
    [workload('apps/v1', 'Deployment', { spec: { replicas: 0 } }), 0],
    [workload('apps/v1', 'Deployment', { spec: {} }), 1],
    [workload('apps/v1', 'ReplicaSet'), 1],
    [workload('v1', 'ReplicationController', { spec: { replicas: 2 } }), 2],
    [workload('apps/v1', 'StatefulSet', { spec: { replicas: 2 } }), 2, 0],
    [workload('apps/v1', 'StatefulSet', { spec: { ordinals: { start: 5 } } }), 1, 5],
    [workload('apps/v1', 'DaemonSet', { status: { desiredNumberScheduled: 7 } }), 7],
    [workload('apps/v1', 'DaemonSet', { spec: { replicas: 7 } }), undefined],
    ...jobs.flatMap(([spec, count]): [Parts, number][] => [
      [workload('batch/v1', 'Job', { spec }), count],
      [workload('batch/v1', 'CronJob', { spec: { jobTemplate: { spec } } }), count]
    ]),
    [workload('kubevirt.io/v1', 'VirtualMachine', { spec: { running: false } }), 1],
    [workload('kubevirt.io/v1', 'VirtualMachineInstance'), 1],
    [workload('apps.kruise.io/v1', 'StatefulSet', { spec: { replicas: 9 } }), undefined],
    [workload('constructor/v1', 'name', { spec: { replicas: 9 } }), undefined],
    [workload('v1', 'ConfigMap'), undefined]
  ]
  for (const [value, replicas, ordinal] of rows) {
    const found = read(value)
    t.match(found, { role: 'Owner', name: 'web' })
    if ('problems' in found || found.role !== 'Owner') continue
    t.same([found.replicas, found.firstOrdinal], [replicas, ordinal], JSON.stringify(value))
  }
})

t.test('what is no object is refused with the key that is wrong', async t => {
  const ref = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', controller: true }
  const rows: [Parts, RegExp][] = [
    [{}, /^apiVersion: is missing; this is no Kubernetes object$/],
    [{ ...pod(), kind: 5 }, /^kind: 5 must be the kind of the object$/],
    [{ ...pod(), metadata: 'x' }, /^metadata\.name: is missing/],
    [pod({ name: '' }), /^metadata\.name: "" must be a name/],
    [pod({ name: 'a/b' }), /^metadata\.name: "a\/b" must be a name, which has no slash/],
    [pod({ namespace: null }), /^metadata\.namespace: is missing; must be that of the pod/],
    [pod({ namespace: 'a/b' }), /^metadata\.namespace: "a\/b" must be a name/],
    [pod({ uid: 5 }), /^metadata\.uid: 5 must be a text/],
    [pod({ labels: { app: 5 } }), /^metadata\.labels\.app: 5 must be a text; quote it/],
    [pod({ annotations: ['x'] }), /^metadata\.annotations: \["x"\] must be a map/],
    [pod({ ownerReferences: {} }), /^metadata\.ownerReferences: {} must be a list/],
    [
      pod({ ownerReferences: [{ ...ref, kind: undefined }] }),
      /^metadata\.ownerReferences\[0\]\.kind: is missing/
    ],
    [
      workload('apps/v1', 'Deployment', { spec: { replicas: -1 } }),
      /^spec\.replicas: -1 must be a whole number, 0 or more/
    ],
    [
      workload('apps/v1', 'StatefulSet', { spec: { ordinals: { start: '1' } } }),
      /^spec\.ordinals\.start: "1" must be/
    ]
  ]
  for (const [value, problem] of rows) {
    const found = read(value)
    t.ok('problems' in found, JSON.stringify(value))
    if ('problems' in found) t.match(found.problems[0], problem)
  }
})
