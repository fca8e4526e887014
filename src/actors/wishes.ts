// What a node wants of the registry without being asked: to belong to the cluster, to take over from its own
// predecessor, to be known for what it talks, and to have the subnets of its pools under custody.

import { parseCidr } from '../core/cidr.ts'
import { formatAddress, type Address } from '../core/address.ts'
import type { WireRange } from '../core/protocol.ts'
import type { ClusterView } from '../core/registry/cluster-view.ts'
import { living } from '../core/registry/cluster-view.ts'
import type { Proposal } from '../core/registry/record.ts'
import type { Random } from '../ports/random.ts'

const clusterIdBytes = 16

export interface Wishes {
  readonly incarnation: string
  readonly node: string
  readonly peer: string
  /** Empty when the machine has no id. */
  readonly machine: string
  /** What this process talks. */
  readonly wire: WireRange
  /** This node may write the first record. */
  readonly founds: boolean
  /** Subnets of its pools, in CIDR notation. */
  domains: readonly string[]
}

/** The first thing that is still missing; undefined when all is well, or somebody else's turn. */
export function wishOf(wishes: Wishes, view: ClusterView, random: Random): Proposal | undefined {
  const { incarnation, node, peer, machine, wire, founds, domains } = wishes
  if (view.index === 0) {
    return founds ? { type: 'Genesis', cluster: random.hex(clusterIdBytes) } : undefined
  }
  const me = view.byIncarnation.get(incarnation)
  if (me === undefined) {
    return { type: 'Join', members: [{ incarnation, node, peer, machine, wire }] }
  }
  if (me.removed !== undefined) return undefined
  const predecessor = living(view).find(
    member => member.index < me.index && member.node === node && member.machine === machine
  )
  // The machine tells one node from another of the same name: without it a person has to vouch.
  if (predecessor !== undefined && machine !== '') {
    return {
      type: 'Remove',
      incarnation: predecessor.incarnation,
      heir: incarnation,
      assertion: 'SELF',
      evidence: `node ${node} runs over another database now, on the same machine`
    }
  }
  if (me.wire.min !== wire.min || me.wire.max !== wire.max) {
    return { type: 'Talk', incarnation, wire: { min: wire.min, max: wire.max } }
  }
  const lowest = Math.min(...living(view).map(member => member.wire.max))
  // One of them is enough to say so.
  if (founds && lowest > view.minWire) return { type: 'MinWire', version: lowest }
  const domain = domains.find(one => !view.domains.has(one))
  if (domain === undefined) return undefined
  const cidr = parseCidr(domain)
  if ('problem' in cidr) return undefined
  const { start, end } = cidr.range
  return {
    type: 'RangeAdd',
    domain,
    first: formatAddress(start),
    last: formatAddress((end - 1n) as Address),
    holders: [incarnation]
  }
}
