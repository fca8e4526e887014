// What is kept for a pod or for its application comes before whatever else is free.

import type { Address } from '../address.ts'
import type { Refusal } from '../refusal.ts'
import { podKeys } from './annotation-keys.ts'
import {
  applicationOf,
  autoPoolName,
  reclaimOf,
  reservationOf,
  sizeOf,
  sizeWishOf
} from './application.ts'
import type { FamilyDecision, InterfaceDecision } from './decision.ts'
import type { Annotations } from './facts.ts'
import { holderOf } from './identity.ts'
import type { Keeps, Question } from './question.ts'

/** A pod that was there before gets what it had, unless it may not be there any more or names another. */
export function withKept(
  decided: InterfaceDecision,
  keeps: Keeps | undefined,
  annotations: Annotations
): InterfaceDecision {
  if (keeps?.identity === undefined) return decided
  const keeper = holderOf(keeps.identity, decided.ifname)
  const families = decided.families.map((found): FamilyDecision => {
    const kept = keeps.of(keeper, found.family).find(address => isOffered(address, found))
    return kept === undefined || found.requested.length > 0 ? found : { ...found, kept }
  })
  const isTarget = podKeys.migration in annotations
  return { ...decided, keeper, ...(isTarget && { isTarget }), families }
}

/**
 * The interface's pools are SpiderSubnets: its application has addresses there, for all of its pods. Those that keep
 * theirs one by one, as a StatefulSet's do, need no other reservation.
 */
export function withReserved(
  decided: InterfaceDecision,
  { facts, pod, keeps }: Question,
  annotations: Annotations
): InterfaceDecision | Refusal {
  if (keeps?.identity !== undefined) return withKept(decided, keeps, annotations)
  const owner = facts.pod?.owner
  const { namespace } = pod
  if (owner === undefined || namespace === undefined || keeps === undefined) {
    return invalid(
      `${podKeys.subnet}: addresses of a SpiderSubnet are for applications, and what this pod belongs to is not known on this node (factsDirs)`
    )
  }
  const known = { ...annotations, ...owner.annotations }
  const wish = sizeWishOf(known, keeps.spare)
  const isReclaimed = reclaimOf(known)
  if (typeof wish === 'string') return invalid(wish)
  if (typeof isReclaimed === 'string') return invalid(isReclaimed)
  const size = sizeOf(wish, owner.replicas)
  if (size === undefined) {
    return invalid(
      `${podKeys.ipNumber}: how many pods ${owner.kind} ${namespace}/${owner.name} wants is not known on this node; say how many addresses it needs, like "5"`
    )
  }
  const keeper = reservationOf(owner, namespace, decided.ifname, isReclaimed)
  const application = applicationOf(keeper)
  const families = decided.families.map((found): FamilyDecision => {
    if (found.requested.length > 0 || application === undefined) return found
    const addresses = keeps.of(keeper, found.family).filter(address => isOffered(address, found))
    return {
      ...found,
      reserved: { name: autoPoolName(application, found.family), size, addresses }
    }
  })
  return { ...decided, keeper, families }
}

function isOffered(address: Address, { verdicts }: FamilyDecision): boolean {
  return verdicts.some(({ pool, misfit }) => misfit === undefined && pool.usable.has(address))
}

function invalid(problem: string): Refusal {
  return { reason: 'AnnotationInvalid', problems: [problem] }
}
