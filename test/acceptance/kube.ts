// Kubernetes objects as people and controllers write them.

import { annotated } from './kubelet.ts'

export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly [key: string]: unknown
  }
  readonly [key: string]: unknown
}

type Spec = Readonly<Record<string, unknown>>

const spider =
  (kind: string) =>
  (name: string, spec: Spec, annotations: Spec = {}) => ({
    ...{ apiVersion: 'spiderpool.spidernet.io/v2beta1', kind, spec },
    metadata: { name, annotations: annotated(annotations) }
  })

export const poolObject = spider('SpiderIPPool')
export const subnetObject = spider('SpiderSubnet')
export const reservedObject = spider('SpiderReservedIP')

/** A pool of the addresses 10 to `last` of 10.N.0.0/24. */
export function numberedPool(name: string, number: number, last = 19, more: Spec = {}): KubeObject {
  const ips = [`10.${number}.0.10-10.${number}.0.${last}`]
  return poolObject(name, { subnet: `10.${number}.0.0/24`, ips, ...more })
}

const versions: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  VirtualMachine: 'kubevirt.io/v1'
}

export interface Workload {
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly replicas?: number
  readonly uid?: string
  /** Those of its pods. */
  readonly annotations?: Spec
  /** Further members of its spec. */
  readonly spec?: Spec
}

export function workloadObject(workload: Workload): KubeObject {
  const { kind, name, namespace = 'default', replicas, annotations, spec } = workload
  const { uid = `uid-${kind}-${name}` } = workload
  const template = annotations && { metadata: { annotations: annotated(annotations) } }
  return {
    ...{ apiVersion: versions[kind] ?? 'v1', kind },
    metadata: { name, namespace, uid },
    spec: { ...(replicas !== undefined && { replicas }), ...(template && { template }), ...spec }
  }
}

export interface PodFacts {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly of?: Pick<Workload, 'kind' | 'name' | 'uid'>
  readonly labels?: Readonly<Record<string, string>>
  readonly phase?: string
  readonly spec?: Spec
}

export function podObject(facts: PodFacts): KubeObject {
  const { name, namespace = 'default', uid = `uid-${name}`, of, labels = {}, phase, spec } = facts
  const owner = of && {
    ...{ apiVersion: versions[of.kind] ?? 'v1', kind: of.kind, name: of.name },
    ...{ uid: of.uid ?? `uid-${of.kind}-${of.name}`, controller: true }
  }
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name, namespace, uid, labels, ...(owner && { ownerReferences: [owner] }) },
    ...(spec && { spec }),
    status: { phase: phase ?? 'Running' }
  }
}

/** A workload and its first pods, named as a StatefulSet names them. */
export function withPods(workload: Workload, pods: number): KubeObject[] {
  const { name } = workload
  const of = Array.from({ length: pods }, (_, i) =>
    podObject({ name: `${name}-${i}`, of: workload })
  )
  return [workloadObject(workload), ...of]
}

export function placeObject(
  kind: 'Namespace' | 'Node',
  name: string,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, unknown>> = {}
): KubeObject {
  const texts = Object.entries(annotations).map(([key, value]) => [key, JSON.stringify(value)])
  const metadata = { name, labels, annotations: Object.fromEntries(texts) }
  return { apiVersion: 'v1', kind, metadata }
}
