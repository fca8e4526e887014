// Which events somebody wants to see: of these kinds, and about a pool, an address or a pod.

import type { Address } from './address.ts'
import type { AddressRange } from './address-range.ts'
import type { EventType, ToldEvent } from './event.ts'

/** What is absent lets everything through. */
export interface EventFilter {
  readonly types?: ReadonlySet<EventType>
  readonly pool?: string
  readonly address?: Address
  /** `namespace/name`, or the name alone. */
  readonly pod?: string
}

export function matches(event: ToldEvent, { types, pool, address, pod }: EventFilter): boolean {
  return (
    (types === undefined || types.has(event.type)) &&
    (pool === undefined || poolsOf(event).includes(pool)) &&
    (address === undefined || concerns(event, address)) &&
    (pod === undefined || isOfPod(event, pod))
  )
}

/** The pools that an event names; custody moves by subnet, and names the pool that it was asked for. */
function poolsOf(event: ToldEvent): readonly string[] {
  if ('pools' in event) return event.pools
  if ('pool' in event) return [event.pool]
  if (!('addresses' in event)) return []
  return event.addresses.flatMap(one => (typeof one === 'bigint' ? [] : [one.pool]))
}

/** Whether it is part of the history of this address. */
function concerns(event: ToldEvent, address: Address): boolean {
  if ('address' in event) return event.address === address
  if ('runs' in event) return event.runs.some(run => contains(run, address))
  if ('addresses' in event) {
    return event.addresses.some(one => (typeof one === 'bigint' ? one : one.address) === address)
  }
  return false
}

function contains({ start, end }: AddressRange, address: Address): boolean {
  return start <= address && address < end
}

function isOfPod(event: ToldEvent, text: string): boolean {
  if (!('pod' in event)) return false
  const { namespace = '', name } = event.pod
  return name === text || `${namespace}/${name}` === text
}
