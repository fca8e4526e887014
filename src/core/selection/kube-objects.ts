// Kubernetes objects as `kubectl get -o yaml` prints them, cut down to what the choice of pools asks of them:
// pods are thousands, and most of what is printed is nobody's business here.

import { Fields, isObject, type Json, show } from '../fields.ts'
import { relevant } from './annotation-keys.ts'
import type { Annotations, Labels } from './facts.ts'
import { type Expectation, expectationOf, type KubeKind } from './kube-workloads.ts'

/** One object of another: `uid` is absent only in what was written by hand. */
export interface KubeReference extends KubeKind {
  readonly name: string
  readonly uid?: string
}

interface Identity extends KubeReference {
  /** Absent for what belongs to the whole cluster. */
  readonly namespace?: string
  /** The owner that manages it; there is at most one. */
  readonly controller?: KubeReference
  /** Where it stands, for people: "pods.yaml, document 1, item 3". */
  readonly source: string
}

export interface PodObject extends Identity {
  readonly role: 'Pod'
  readonly labels: Labels
  readonly annotations: Annotations
  readonly isGone: boolean
  /** It has run to its end and never runs again; one that is being deleted still runs. */
  readonly isEnded: boolean
}

/** A namespace or a node. */
export interface PlaceObject extends Identity {
  readonly role: 'Namespace' | 'Node'
  readonly labels: Labels
  readonly annotations: Annotations
}

/** Whatever else may own pods, of kinds that Kubernetes has and of kinds that it has never heard of. */
export interface OwnerObject extends Identity, Expectation {
  readonly role: 'Owner'
}

export type KubeObject = PodObject | PlaceObject | OwnerObject

/** The kubelet's word for a static pod: runtimes are told this uid, and the API server gives another one. */
const staticPodUid = 'kubernetes.io/config.mirror'

/** Read one object. Keys that are not asked for may be anything. */
export function readKubeObject(
  value: Json,
  source: string
): KubeObject | { readonly problems: string[] } {
  const problems: string[] = []
  const root = new Fields('', value, problems)
  const metadata = new Fields('metadata', section(value, 'metadata'), problems)
  const controller = controllerOf(metadata)
  const namespace = optionalName(metadata, 'namespace')
  const uid = metadata.text('uid', 'must be a text')
  const identity: Identity = {
    apiVersion: required(root, 'apiVersion', 'must be an API version, like apps/v1'),
    kind: required(root, 'kind', 'must be the kind of the object'),
    name: optionalName(metadata, 'name') ?? missing(metadata, 'name'),
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(controller !== undefined && { controller }),
    source
  }
  const object = ofRole(identity, value, metadata)
  return problems.length > 0 ? { problems: problems.map(text => text.replace(/^\./, '')) } : object
}

function ofRole(identity: Identity, value: Json, metadata: Fields): KubeObject {
  const { apiVersion, kind } = identity
  if (apiVersion !== 'v1' || !['Pod', 'Namespace', 'Node'].includes(kind)) {
    return { ...identity, role: 'Owner', ...expectationOf(identity, value, metadata.problems) }
  }
  const labels = texts(metadata, 'labels')
  const annotations = texts(metadata, 'annotations')
  if (kind !== 'Pod') return { ...identity, role: kind as PlaceObject['role'], labels, annotations }
  if (identity.namespace === undefined) metadata.refuse('namespace', 'must be that of the pod')
  const uid = annotations[staticPodUid] ?? identity.uid
  return {
    ...identity,
    ...(uid !== undefined && { uid }),
    role: 'Pod',
    labels,
    annotations: relevant(annotations),
    ...endOf(value)
  }
}

/** As Spiderpool's test whether a pod is alive has it; a pod that may run again is not gone. */
function endOf(value: Json): Pick<PodObject, 'isGone' | 'isEnded'> {
  const { phase, reason } = section(value, 'status')
  const { restartPolicy = 'Always' } = section(value, 'spec')
  const { deletionTimestamp } = section(value, 'metadata')
  const isEnded =
    phase === 'Succeeded'
      ? restartPolicy !== 'Always'
      : phase === 'Failed' && (restartPolicy === 'Never' || reason === 'Evicted')
  const isLeaving = deletionTimestamp !== undefined && deletionTimestamp !== null
  return { isEnded, isGone: isEnded || isLeaving }
}

function controllerOf(metadata: Fields): KubeReference | undefined {
  const owner = metadata.objects('ownerReferences').find(one => one.get('controller') === true)
  if (owner === undefined) return undefined
  const uid = owner.text('uid', 'must be a text')
  return {
    apiVersion: required(owner, 'apiVersion', 'must be the API version of the owner'),
    kind: required(owner, 'kind', 'must be the kind of the owner'),
    name: required(owner, 'name', 'must be the name of the owner'),
    ...(uid !== undefined && { uid })
  }
}

function section(value: Json, key: string): Json {
  const found = Object.hasOwn(value, key) ? value[key] : undefined
  return isObject(found) ? found : {}
}

function required(fields: Fields, key: string, sentence: string): string {
  return fields.get(key) === undefined ? missing(fields, key) : (fields.text(key, sentence) ?? '')
}

function missing(fields: Fields, key: string): string {
  fields.problems.push(`${fields.pathOf(key)}: is missing; this is no Kubernetes object`)
  return ''
}

/** Names are parts of paths (k8s.io/apimachinery, path segment names): a slash would make two of one. */
function optionalName(metadata: Fields, key: string): string | undefined {
  const sentence = 'must be a name, which has no slash'
  const name = metadata.text(key, sentence)
  if (name?.includes('/') === true) metadata.refuse(key, sentence)
  return name
}

function texts(metadata: Fields, key: string): Record<string, string> {
  const entries = metadata.object(key)?.entries() ?? []
  return Object.fromEntries(
    entries.flatMap(([name, value]): [string, string][] => {
      if (typeof value === 'string') return [[name, value]]
      const path = `${metadata.pathOf(key)}.${name}`
      metadata.problems.push(`${path}: ${show(value)} must be a text; quote it`)
      return []
    })
  )
}
