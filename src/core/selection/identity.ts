// Pods that are the same one again after a restart: those of a StatefulSet by their name, a virtual machine by its
// own. What such a pod had is kept for it, in words that every node reads alike.

import type { Pod } from '../attachment.ts'
import { kindKey } from './kube-workloads.ts'
import type { Facts, Owner, WorkloadReference } from './facts.ts'

/** Whose pods keep their addresses. */
export interface FixedKinds {
  readonly statefulSets: boolean
  readonly virtualMachines: boolean
}

export interface FixedPolicy extends FixedKinds {
  /** How many addresses more than pods an application reserves that does not say. */
  readonly spare: number
}

export const allFixed: FixedPolicy = { statefulSets: true, virtualMachines: true, spare: 1 }

/** The object whose end is the end of the keeping. */
export interface FixedOwner extends WorkloadReference {
  /** Which of a StatefulSet's pods. */
  readonly ordinal?: number
}

const statefulSet = { apiVersion: 'apps/v1', kind: 'StatefulSet' }
const virtualMachine = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine' }
const machines = [kindKey(virtualMachine), 'kubevirt.io/VirtualMachineInstance']

/** The name under which this pod is the same again: `StatefulSet/default/web-0`; undefined for all others. */
export function identityOf(pod: Pod, facts: Facts, kinds: FixedKinds): string | undefined {
  const owner = facts.pod?.owner
  const { namespace, name } = pod
  if (owner === undefined || namespace === undefined || name === undefined) return undefined
  if (kinds.statefulSets && isStatefulSet(owner) && ordinalOf(name)?.set === owner.name) {
    return `${statefulSet.kind}/${namespace}/${name}`
  }
  if (kinds.virtualMachines && machines.includes(kindKey(owner))) {
    return `${virtualMachine.kind}/${namespace}/${owner.name}`
  }
  return undefined
}

/** What an address of this interface is kept for. */
export function holderOf(identity: string, ifname: string): string {
  return `${identity}/${ifname}`
}

/** Whose end ends a keeping; undefined for a holder that is none of a Kubernetes object. */
export function ownerOf(holder: string): FixedOwner | undefined {
  const [kind, namespace, name, ifname, ...rest] = holder.split('/')
  if (namespace === undefined || name === undefined || ifname === undefined || rest.length > 0) {
    return undefined
  }
  if (kind === virtualMachine.kind) return { ...virtualMachine, namespace, name }
  const numbered = ordinalOf(name)
  if (kind !== statefulSet.kind || numbered === undefined) return undefined
  return { ...statefulSet, namespace, name: numbered.set, ordinal: numbered.ordinal }
}

/** Does a workload of this size have a pod of this number? */
export function hasOrdinal(
  { replicas, firstOrdinal = 0 }: Pick<Owner, 'replicas' | 'firstOrdinal'>,
  ordinal: number
): boolean {
  if (replicas === undefined) return true
  return ordinal >= firstOrdinal && ordinal < firstOrdinal + replicas
}

function isStatefulSet(owner: Owner): boolean {
  return kindKey(owner) === kindKey(statefulSet)
}

/** Pods of a StatefulSet have its name, a hyphen and their number. */
function ordinalOf(pod: string): { readonly set: string; readonly ordinal: number } | undefined {
  const [, set, digits] = /^(.+)-(\d{1,9})$/.exec(pod) ?? []
  return set === undefined ? undefined : { set, ordinal: Number(digits) }
}
