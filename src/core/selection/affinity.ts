// Whom a pool is for: the filters of one candidate, and how particular a pool is.

import type { IpPool, PoolAffinity } from '../ip-pool.ts'
import { selects, selectorText } from '../label-selector.ts'
import type { Annotations, Facts } from './facts.ts'
import { networkOf, qualified } from './networks.ts'
import { matchesParent, type ParentLink, parentText } from './parent-link.ts'

/** Whose interface a pool is wanted for. */
export interface Applicant {
  readonly namespace?: string
  readonly ifname: string
  /** Of the pod, whoever has told them. */
  readonly annotations: Annotations
  readonly facts: Facts
  /** Absent where pools need not match it. */
  readonly parent?: ParentLink
}

/** Which filter keeps a pool from an interface, the first in the order of Spiderpool's. */
export type Misfit = 'Disabled' | 'Family' | 'Node' | 'Namespace' | 'Pod' | 'Network' | 'Parent'

/** Undefined when the pool is for this interface. */
export function misfitOf(pool: IpPool, family: 4 | 6, applicant: Applicant): Misfit | undefined {
  if (pool.isDisabled) return 'Disabled'
  if (pool.family !== family) return 'Family'
  const { affinity = {} } = pool
  if (!isForNode(affinity, applicant)) return 'Node'
  if (!isForNamespace(affinity, applicant)) return 'Namespace'
  if (!isForPod(affinity, applicant)) return 'Pod'
  if (!isForNetwork(affinity, applicant)) return 'Network'
  if (!isForParent(pool, applicant)) return 'Parent'
  return undefined
}

/** A list of names counts alone, even where there is a selector as well. What is not known selects nothing. */
function isForNode({ nodeName, nodeAffinity }: PoolAffinity, { facts }: Applicant): boolean {
  const { name, labels } = facts.node
  if (nodeName !== undefined) return nodeName.includes(name)
  return nodeAffinity === undefined || (labels !== undefined && selects(nodeAffinity, labels))
}

function isForNamespace(affinity: PoolAffinity, { namespace, facts }: Applicant): boolean {
  const { namespaceName, namespaceAffinity } = affinity
  if (namespaceName !== undefined)
    return namespace !== undefined && namespaceName.includes(namespace)
  if (namespaceAffinity === undefined) return true
  return facts.namespace !== undefined && selects(namespaceAffinity, facts.namespace.labels)
}

function isForPod({ podAffinity }: PoolAffinity, { facts }: Applicant): boolean {
  return (
    podAffinity === undefined || (facts.pod !== undefined && selects(podAffinity, facts.pod.labels))
  )
}

function isForNetwork({ multusName }: PoolAffinity, applicant: Applicant): boolean {
  if (multusName === undefined) return true
  const { ifname, annotations, namespace = 'default', facts } = applicant
  const { networks } = facts
  const network = networkOf(ifname, annotations, namespace, networks)
  return multusName.some(name => qualified(name, networks.namespace) === network)
}

/** A pool that names networks says more than that; so does an application that has a subnet reserved for it. */
function isForParent(pool: IpPool, { parent }: Applicant): boolean {
  if (parent === undefined || pool.isSubnet || pool.affinity?.multusName !== undefined) return true
  return matchesParent(pool, parent)
}

/** Of pools without an order of their own the more particular ones come first; smaller is more particular. */
export function generality({ affinity }: IpPool): number {
  if (affinity === undefined) return 63
  const fields = [
    affinity.podAffinity,
    affinity.nodeName,
    affinity.nodeAffinity,
    affinity.namespaceName,
    affinity.namespaceAffinity,
    affinity.multusName
  ]
  return fields.reduce<number>((sum, field) => sum * 2 + (field === undefined ? 1 : 0), 0)
}

/** Why a pool is not for an interface, as part of a sentence. */
export function misfitText(pool: IpPool, misfit: Misfit, applicant: Applicant): string {
  const { affinity = {} } = pool
  const { facts, namespace } = applicant
  const name = `pool ${pool.name}`
  switch (misfit) {
    case 'Disabled':
      return `${name} is disabled, or its document is gone`
    case 'Family':
      return `${name} is of IPv${pool.family}`
    case 'Node':
      if (affinity.nodeName !== undefined)
        return `${name} is for the nodes ${listed(affinity.nodeName)}`
      if (facts.node.labels === undefined)
        return `${name} has a nodeAffinity, and the labels of this node are not known`
      return `${name} is for nodes with ${affinity.nodeAffinity && selectorText(affinity.nodeAffinity)}`
    case 'Namespace':
      if (affinity.namespaceName !== undefined) {
        return `${name} is for the namespaces ${listed(affinity.namespaceName)}, not for ${namespace ?? 'a pod without one'}`
      }
      if (facts.namespace === undefined) {
        return `${name} has a namespaceAffinity, and the labels of namespace ${namespace ?? ''} are not known on this node`
      }
      return `${name} is for namespaces with ${affinity.namespaceAffinity && selectorText(affinity.namespaceAffinity)}`
    case 'Pod':
      if (facts.pod === undefined)
        return `${name} has a podAffinity, and the labels of the pod are not known on this node`
      return `${name} is for pods with ${affinity.podAffinity && selectorText(affinity.podAffinity)}`
    case 'Network':
      return `${name} is for the networks ${listed(affinity.multusName ?? [])}, not for that of ${applicant.ifname}`
    case 'Parent':
      return parentText(pool, applicant.parent ?? { unknown: 'nothing is known of its link' })
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}
