// Kubernetes objects by name, and what they tell of a pod: every question is a few look-ups in maps.

import type { Pod } from '../attachment.ts'
import type { Facts, Owner, PodKnowledge, Presence, Workload, WorkloadReference } from './facts.ts'
import type {
  KubeObject,
  KubeReference,
  OwnerObject,
  PlaceObject,
  PodObject
} from './kube-objects.ts'
import { isBetween, kindKey } from './kube-workloads.ts'

export interface KubeIndex {
  /** By `namespace/name`. */
  readonly pods: ReadonlyMap<string, PodObject>
  readonly namespaces: ReadonlyMap<string, PlaceObject>
  readonly nodes: ReadonlyMap<string, PlaceObject>
  /** By `group/kind/namespace/name`. */
  readonly owners: ReadonlyMap<string, OwnerObject>
  /** Sentences about objects that are told twice. */
  readonly problems: readonly string[]
}

/** More would not be read by anybody: two files may tell the same thousand pods. */
const shownTwice = 5

/** Of an object that is told twice the later one counts. */
export function indexOf(objects: Iterable<KubeObject>): KubeIndex {
  const index = {
    pods: new Map<string, PodObject>(),
    namespaces: new Map<string, PlaceObject>(),
    nodes: new Map<string, PlaceObject>(),
    owners: new Map<string, OwnerObject>(),
    problems: [] as string[]
  }
  const put = <T extends KubeObject>(map: Map<string, T>, key: string, object: T) => {
    const earlier = map.get(key)
    map.set(key, object)
    if (earlier === undefined) return
    const what = [object.kind, [object.namespace, object.name].filter(Boolean).join('/')].join(' ')
    index.problems.push(`${object.source}: ${what} is in ${earlier.source} too; this one counts`)
  }
  for (const object of objects) {
    const { namespace, name } = object
    if (object.role === 'Pod') put(index.pods, `${namespace}/${name}`, object)
    else if (object.role === 'Namespace') put(index.namespaces, name, object)
    else if (object.role === 'Node') put(index.nodes, name, object)
    else put(index.owners, objectKey(object, namespace), object)
  }
  const rest = index.problems.length - shownTwice
  if (rest > 0) index.problems.splice(shownTwice, rest, `${rest} objects more are told twice`)
  return index
}

export const emptyIndex: KubeIndex = indexOf([])

/** Those of `objects` that `others` do not tell of. */
export function notIn(
  objects: readonly KubeObject[],
  others: readonly KubeObject[]
): readonly KubeObject[] {
  const told = new Set(others.map(object => objectKey(object, object.namespace)))
  return objects.filter(object => !told.has(objectKey(object, object.namespace)))
}

/** `own`: what is known where nothing is known of the pod, its namespace and its node. */
export function factsOf(index: KubeIndex, pod: Pod, own: Facts): Facts {
  const node = index.nodes.get(own.node.name)
  const namespace = pod.namespace === undefined ? undefined : index.namespaces.get(pod.namespace)
  const known = podOf(index, pod)
  return {
    ...own,
    ...(node !== undefined && { node: { name: own.node.name, labels: node.labels } }),
    ...(namespace !== undefined && {
      namespace: { labels: namespace.labels, annotations: namespace.annotations }
    }),
    ...(known !== undefined && { pod: knowledgeOf(index, known) })
  }
}

/** By its uid: under the same name there may be an earlier or a later pod. */
export function presenceOf(index: KubeIndex, pod: Pod): Exclude<Presence, 'Unknown'> {
  const found = podOf(index, pod)
  if (found === undefined) return 'Untold'
  return found.isEnded && found.uid !== undefined && pod.uid !== undefined ? 'Ended' : 'Told'
}

/** Another uid is another pod, earlier or later: nothing is known of this one then. */
function podOf(index: KubeIndex, { namespace, name, uid }: Pod): PodObject | undefined {
  if (namespace === undefined || name === undefined) return undefined
  const found = index.pods.get(`${namespace}/${name}`)
  return found !== undefined && isSame(found.uid, uid) ? found : undefined
}

function knowledgeOf(index: KubeIndex, pod: PodObject): PodKnowledge {
  const { labels, annotations, isGone, controller, namespace } = pod
  const owner = controller && topOwner(index, controller, namespace)
  return { labels, annotations, isGone, ...(owner !== undefined && { owner }) }
}

/** Without `replicas` when its object is not there, or is another one of the same name. */
function topOwner(index: KubeIndex, controller: KubeReference, namespace?: string): Owner {
  const own = objectOf(index, controller, namespace)
  const above = own !== undefined && isBetween(controller) ? own.controller : undefined
  const { apiVersion, kind, name, uid } = above ?? controller
  const object = above === undefined ? own : objectOf(index, above, namespace)
  const known = uid ?? object?.uid
  return {
    ...{ apiVersion, kind, name },
    ...(known !== undefined && { uid: known }),
    ...(object?.replicas !== undefined && { replicas: object.replicas }),
    ...(object?.firstOrdinal !== undefined && { firstOrdinal: object.firstOrdinal }),
    ...(object?.annotations !== undefined && { annotations: object.annotations })
  }
}

/** A controller by its name, whatever became of another one that had the name before. */
export function workloadOf(index: KubeIndex, which: WorkloadReference): Workload | undefined {
  return index.owners.get(workloadKey(which))
}

/** One text for a controller, by whatever version its kind is told. */
export function workloadKey(which: WorkloadReference): string {
  return objectKey(which, which.namespace)
}

function objectOf(
  index: KubeIndex,
  reference: KubeReference,
  namespace?: string
): OwnerObject | undefined {
  const found = index.owners.get(objectKey(reference, namespace))
  return found !== undefined && isSame(found.uid, reference.uid) ? found : undefined
}

function objectKey(reference: KubeReference, namespace = ''): string {
  return `${kindKey(reference)}/${namespace}/${reference.name}`
}

/** A uid that is not known contradicts nothing. */
function isSame(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other
}
