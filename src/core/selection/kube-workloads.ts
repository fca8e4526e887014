// How many pods a workload of Kubernetes wants, by its kind.

import { Fields, type Json } from '../fields.ts'

export interface KubeKind {
  readonly apiVersion: string
  readonly kind: string
}

export interface Expectation {
  /** Absent when the object does not say, or its kind is not known here. */
  readonly replicas?: number
  /** Of a StatefulSet. */
  readonly firstOrdinal?: number
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
  return readers.get(kindKey(kind))?.(new Fields('', value, problems)) ?? {}
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
