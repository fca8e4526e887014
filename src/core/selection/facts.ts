// What the choice of pools needs to know of a pod and of where it runs. Absent means unknown, never empty.

import { type NetworkSettings, noNetworks } from './networks.ts'

export type Labels = Readonly<Record<string, string>>
export type Annotations = Readonly<Record<string, string>>

/** The controller at the top: the Deployment of a ReplicaSet, the CronJob of a Job, else the owner itself. */
export interface Owner {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid?: string
  /** How many pods it wants, when that is known. */
  readonly replicas?: number
  /** The ordinal of the first pod of a StatefulSet; 0 when it does not say. */
  readonly firstOrdinal?: number
  /** Of its pods, as its template has them; what concerns addresses. */
  readonly annotations?: Annotations
}

/** What is known of a controller, whether it has pods or not. */
export type Workload = Omit<Owner, 'apiVersion' | 'kind' | 'name'>

/** Which one: its kind, of whatever version of the group. */
export interface WorkloadReference {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

export interface PodKnowledge {
  readonly labels: Labels
  readonly annotations: Annotations
  /** Absent for a pod of nobody. */
  readonly owner?: Owner
  /** Succeeded, failed, evicted or being deleted: it gets no address any more. */
  readonly isGone: boolean
}

/**
 * `Told`: it is there. `Ended`: it has run to its end and never runs again. `Untold`: nothing is told of this very
 * pod, though all that is told is known. `Unknown`: a part of what is told cannot be read.
 */
export type Presence = 'Told' | 'Ended' | 'Untold' | 'Unknown'

export interface Facts {
  readonly networks: NetworkSettings
  readonly node: { readonly name: string; readonly labels?: Labels }
  readonly namespace?: { readonly labels: Labels; readonly annotations: Annotations }
  readonly pod?: PodKnowledge
}

/** Nothing is known but where it is. */
export function factsOfNode(name: string, networks: NetworkSettings = noNetworks): Facts {
  return { node: { name }, networks }
}
