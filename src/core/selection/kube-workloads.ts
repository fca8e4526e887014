// How many pods a workload of Kubernetes wants, by its kind.

import { Fields, isObject, type Json } from '../fields.ts'
import { relevant } from './annotation-keys.ts'
import type { Annotations } from './facts.ts'

export interface KubeKind {
  readonly apiVersion: string
  readonly kind: string
}

export interface Expectation {
  /** Absent when the object does not say, or its kind is not known here. */
  readonly replicas?: number
  /** Of a StatefulSet. */
  readonly firstOrdinal?: number
  /** Those of its pods that concern addresses. */
  readonly annotations?: Annotations
}

type Reader = (object: Fields) => Expectation

const readers = new Map<string, Reader>([
  ['/ReplicationController', scaled],
  ['apps/Deployment', scaled],
  ['apps/ReplicaSet', scaled],
  ['apps/StatefulSet', object => ({ ...scaled(object), firstOrdinal: firstOrdinal(object) })],
  ['apps/DaemonSet', scheduled],
  ['batch/Job', object => ({ replicas: podsOfJob(object) })],
  ['batch/CronJob', object => ({ replicas: podsOfJob(specOf(object)?.object('jobTemplate')) })],
  ['kubevirt.io/VirtualMachine', single],
  ['kubevirt.io/VirtualMachineInstance', single]
])

const between = ['apps/ReplicaSet', 'batch/Job', 'kubevirt.io/VirtualMachineInstance']

/** What is wrong in the parts that are asked for goes to `problems`. */
export function expectationOf(kind: KubeKind, value: Json, problems: string[]): Expectation {
  const annotations = annotationsOf(value)
  return {
    ...readers.get(kindKey(kind))?.(new Fields('', value, problems)),
    ...(annotations !== undefined && { annotations })
  }
}

/** One text for all versions of a kind, which show the same objects: `apps/Deployment`, `/Pod`. */
export function kindKey({ apiVersion, kind }: KubeKind): string {
  const slash = apiVersion.indexOf('/')
  return `${slash < 0 ? '' : apiVersion.slice(0, slash)}/${kind}`
}

/** The controller at the top is one step further up from these; all others decide themselves about their pods. */
export function isBetween(kind: KubeKind): boolean {
  return between.includes(kindKey(kind))
}

/** Of the template of its pods, where Kubernetes and those who imitate it have that; a CronJob's is one further in. */
function annotationsOf({ spec }: Json): Annotations | undefined {
  const inner = isObject(spec) && isObject(spec['jobTemplate']) ? spec['jobTemplate']['spec'] : spec
  const template = isObject(inner) ? inner['template'] : undefined
  const metadata = isObject(template) ? template['metadata'] : undefined
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined
  if (!isObject(annotations)) return undefined
  const texts = Object.entries(annotations).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[key, value]] : []
  )
  const found = relevant(Object.fromEntries(texts))
  return Object.keys(found).length > 0 ? found : undefined
}

function scaled(object: Fields): Expectation {
  return { replicas: count(specOf(object), 'replicas') ?? 1 }
}

function scheduled(object: Fields): Expectation {
  const replicas = count(object.object('status'), 'desiredNumberScheduled')
  return replicas === undefined ? {} : { replicas }
}

/** One machine is one pod, whether it runs now or not. */
function single(): Expectation {
  return { replicas: 1 }
}

function firstOrdinal(object: Fields): number {
  return count(specOf(object)?.object('ordinals'), 'start') ?? 0
}

/** Spiderpool's rule: a Job that wants none now may have wanted one, and may want it again. */
function podsOfJob(object: Fields | undefined): number {
  const spec = object && specOf(object)
  const parallelism = count(spec, 'parallelism')
  return (count(spec, 'completions') ?? parallelism) || 1
}

function specOf(object: Fields): Fields | undefined {
  return object.object('spec')
}

function count(fields: Fields | undefined, key: string): number | undefined {
  const sentence = 'must be a whole number, 0 or more'
  const found = fields?.integer(key, sentence)
  if (found === undefined || found >= 0) return found
  return void fields?.refuse(key, sentence)
}
