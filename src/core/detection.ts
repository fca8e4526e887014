// What is looked for on the link before an address is given: who has it already, and whether its gateway is there.

import { type Address, formatAddress } from './address.ts'
import type { IpPool } from './ip-pool.ts'
import type { AddressVerdict, ProbeTarget } from './link/verdict.ts'
import type { Refusal } from './refusal.ts'

export interface Detection {
  readonly conflict: boolean
  readonly gateway: boolean
}

/** Of a cluster. */
export interface LinkPolicy extends Detection {
  /** For one ADD, all its addresses together. */
  readonly budgetMs: number
}

/** Of a pool or a network; what is absent is as in the cluster. */
export type DetectionWish = Partial<Detection>

/** The network's word counts first, as the closest to the interface, then the pool's. */
export function detectionFor(
  { detection: ofPool = {} }: Pick<IpPool, 'detection'>,
  ofNetwork: DetectionWish,
  cluster: Detection
): Detection {
  return { ...cluster, ...ofPool, ...ofNetwork }
}

/** What to ask for an address of a pool; undefined when nothing is. */
export function targetFor(
  address: Address,
  pool: IpPool,
  { conflict, gateway }: Detection
): ProbeTarget | undefined {
  const asks = gateway && pool.gateway !== undefined
  if (!conflict && !asks) return undefined
  return { address, conflict, ...(asks && { gateway: pool.gateway }) }
}

/** An address that a host has which is no pod of the cluster. */
export interface Squatted {
  readonly address: Address
  readonly mac: string
}

/** What the link says of the addresses of one ADD, the gravest of it. */
export type Finding =
  /** Nothing was to be looked for. */
  | { readonly type: 'NotWanted' }
  | { readonly type: 'Clear' }
  /** Nobody could be asked; the address is as good as it was before. */
  | { readonly type: 'Unasked'; readonly why: string }
  | { readonly type: 'Conflict'; readonly conflicts: readonly Squatted[] }
  | { readonly type: 'NoGateway'; readonly refusal: Refusal }

export function findingOf(
  verdicts: readonly AddressVerdict[],
  targets: readonly ProbeTarget[]
): Finding {
  const conflicts = verdicts.flatMap(({ address, conflict }) =>
    conflict?.type === 'Conflict' ? [{ address, mac: conflict.mac }] : []
  )
  if (conflicts.length > 0) return { type: 'Conflict', conflicts }
  const undecided: string[] = []
  for (const { address, conflict, gateway } of verdicts) {
    const hop = targets.find(target => target.address === address)?.gateway
    if (gateway?.type === 'Unreachable' && hop !== undefined) {
      return { type: 'NoGateway', refusal: { reason: 'GatewayUnreachable', address, gateway: hop } }
    }
    const isOpen = conflict?.type === 'Undecided' || gateway?.type === 'Undecided'
    if (isOpen) undecided.push(formatAddress(address))
  }
  if (undecided.length === 0) return { type: 'Clear' }
  return { type: 'Unasked', why: `the time was too short to ask for ${undecided.join(', ')}` }
}
