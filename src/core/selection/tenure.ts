// How long something is kept, and how much: by what is known of the workload it is kept for.

import type { Address } from '../address.ts'
import type { Bind } from '../lease/bind.ts'
import { podKeys } from './annotation-keys.ts'
import {
  applicationOf,
  isAnother,
  reclaimOf,
  reservationOf,
  sizeOf,
  sizeWishOf
} from './application.ts'
import type { Workload, WorkloadReference } from './facts.ts'
import { hasOrdinal, ownerOf } from './identity.ts'

/** Who tells of workloads, as the port PodFacts. */
interface Workloads {
  workload(which: WorkloadReference): Workload | 'Gone' | 'Unknown'
}

interface Kept {
  readonly address: Address
  readonly bind: Bind
}

/** Why it need not be kept any more, as part of a sentence; undefined when nobody can know. */
export function whyNotKept(
  { address, bind: { holder } }: Kept,
  group: readonly Kept[],
  facts: Workloads,
  spare: number
): string | undefined {
  const application = applicationOf(holder)
  const owner = application ?? ownerOf(holder)
  if (owner === undefined) return undefined
  const { kind, namespace, name } = owner
  const workload = facts.workload(owner)
  const isForEver = application?.uid === ''
  if (workload === 'Unknown') return undefined
  if (workload === 'Gone') return isForEver ? undefined : `the ${kind} ${namespace}/${name} is gone`
  if (application !== undefined) {
    if (isAnother(application, workload))
      return `another ${kind} is called ${namespace}/${name} now`
    const size = wantedOf(workload, spare)
    const rank = group.filter(other => other.address < address).length
    if (size === undefined || rank < size) return undefined
    return `the ${kind} ${namespace}/${name} needs ${size} addresses`
  }
  const { ordinal } = owner as { ordinal?: number }
  if (ordinal === undefined || hasOrdinal(workload, ordinal)) return undefined
  return `the ${kind} ${namespace}/${name} has no pod ${ordinal} any more`
}

/**
 * The words in which an application's addresses are to be kept by what its pods' template says now of their reclaim;
 * undefined when they are so already, or when it says nothing of reservations.
 */
export function renamed(holder: string, facts: Workloads): string | undefined {
  const application = applicationOf(holder)
  if (application === undefined) return undefined
  const workload = facts.workload(application)
  if (typeof workload === 'string' || isAnother(application, workload)) return undefined
  const { uid = application.uid, annotations = {} } = workload
  const isReclaimed = reclaimOf(annotations)
  const reserves = podKeys.subnet in annotations || podKeys.subnets in annotations
  if (!reserves || typeof isReclaimed === 'string') return undefined
  const { namespace, ifname } = application
  const name = reservationOf({ ...application, uid }, namespace, ifname, isReclaimed)
  return name === holder ? undefined : name
}

/** How many addresses a reservation of so many lacks; 0 when nobody can know. */
export function spareOf(holder: string, has: number, facts: Workloads, spare: number): number {
  const application = applicationOf(holder)
  if (application === undefined) return 0
  const workload = facts.workload(application)
  if (typeof workload === 'string' || isAnother(application, workload)) return 0
  return Math.max(0, (wantedOf(workload, spare) ?? 0) - has)
}

function wantedOf({ replicas, annotations = {} }: Workload, spare: number): number | undefined {
  const wish = sizeWishOf(annotations, spare)
  return typeof wish === 'string' ? undefined : sizeOf(wish, replicas)
}
