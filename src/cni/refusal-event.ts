// A refusal as an event: which pools it is about, and which addresses.

import type { Allocate } from '../actors/messages/allocator.ts'
import type { Address } from '../core/address.ts'
import type { NodeEvent } from '../core/event.ts'
import type { Refusal } from '../core/refusal.ts'

export function refusalEvent(
  { key, pod, trace }: Pick<Allocate, 'key' | 'pod' | 'trace'>,
  refusal: Refusal
): NodeEvent {
  return {
    ...{ type: 'Refused', key, pod, reason: refusal.reason },
    ...{ pools: poolsOf(refusal), addresses: addressesOf(refusal) },
    ...(trace !== undefined && { trace })
  }
}

function poolsOf(refusal: Refusal): readonly string[] {
  if (refusal.reason === 'AddressOutsidePools') return refusal.pools
  return 'pools' in refusal ? refusal.pools.map(({ pool }) => pool) : []
}

function addressesOf(refusal: Refusal): readonly Address[] {
  if ('addresses' in refusal) return refusal.addresses.map(({ address }) => address)
  return 'address' in refusal ? [refusal.address] : []
}
