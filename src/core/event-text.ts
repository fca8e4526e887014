// An event as a sentence for people.

import { formatAddress } from './address.ts'
import { formatRange } from './address-range.ts'
import { keyText } from './attachment.ts'
import type { MemberName, PooledAddress, ReleaseCause, ToldEvent } from './event.ts'
import { keyOf, type Run } from './lease/register.ts'

/** More than so many addresses or ranges are counted, not listed. */
const listedMax = 4

const causes: Readonly<Record<ReleaseCause, string>> = {
  DEL: 'DEL',
  Queue: 'a DEL that was written down while no daemon ran',
  GC: 'the runtime no longer lists it',
  NotAcknowledged: 'its client left before it had the answer',
  Reaped: 'its pod is gone and no DEL came',
  Companion: 'another interface of its sandbox was released',
  Operator: 'an operator',
  Conflict: 'a host that is no pod has one of its addresses'
}

export function eventText(event: ToldEvent): string {
  switch (event.type) {
    case 'Allocated':
      return `${pooled(event.addresses)} given to ${holder(event)}`
    case 'Released':
      return `${pooled(event.addresses)} released by ${holder(event)}: ${event.why ?? causes[event.cause]}`
    case 'Refused':
      return `${holder(event)} refused: ${event.reason}${about([...event.pools, ...event.addresses.map(formatAddress)])}`
    case 'Cooled':
      return `${list(event.addresses.map(formatAddress))} may be given out again`
    case 'Quarantined':
      return `${formatAddress(event.address)} out of use for a while: the host ${event.mac} has it`
    case 'QuarantineEnded':
      return `${formatAddress(event.address)} in use again after its quarantine`
    case 'Kept':
      return `${formatAddress(event.address)} kept for ${event.holder ?? 'nobody any more'}`
    case 'LeaseGranted':
      return `${runs(event.runs)} passed on to ${name(event.to)}${about(event.pool === '' ? [] : [`pool ${event.pool}`])}`
    case 'LeaseReceived':
      return `${runs(event.runs)} received from ${name(event.from)}`
    case 'GrantClosed':
      return `${name(event.to)} has what it was given of ${event.subnet}`
    case 'LeaseAssigned':
      return `${runs(event.runs)} assigned to this node by the registry`
    case 'LeaseReclaimed':
      return `${runs(event.runs)} taken over from a removed member, for ${name(event.owner)}`
    case 'LeaseLost':
      return `${runs(event.runs)} assigned to ${name(event.to)}, not to this node any more`
    case 'LeaseRetired':
      return `${runs(event.runs)} given up for ever`
    case 'Contested':
      return `${formatAddress(event.address)} contested between ${event.claims.map(name).join(' and ')}`
    case 'MemberJoined':
      return `${name(event)} joined by record ${event.record}`
    case 'MemberRemoved':
      return `${name(event)} removed by record ${event.record}, heir ${name(event.heir)}: ${event.evidence}`
    case 'MemberReachable':
      return `${name(event)} can be reached`
    case 'MemberUnreachable':
      return `${name(event)} cannot be reached`
    case 'DrainBegun':
      return 'this node is being drained'
    case 'DrainEnded':
      return 'this node is not being drained any more'
    case 'OrderGiven':
      return `${event.by} ordered ${event.order} ${JSON.stringify(event.body)}: ${event.status}`
    case 'PoolChanged':
      return `pool ${event.pool} ${event.change.toLowerCase()}`
    case 'PoolRefused':
      return `${event.source} refused: ${event.problem}`
    case 'ActorCrashed':
      return `actor ${event.actor} crashed, all are built anew: ${event.error}`
    case 'IncarnationEnded':
      return `this incarnation of the node has ended: ${event.why}`
  }
}

function holder({ key, pod }: Extract<ToldEvent, { readonly key: unknown }>): string {
  const text = keyText(key)
  return pod.name === undefined ? text : `${pod.namespace ?? ''}/${pod.name} (${text})`
}

function pooled(addresses: readonly PooledAddress[]): string {
  return list(addresses.map(({ address, pool }) => `${formatAddress(address)} (${pool})`))
}

function runs(all: readonly Run[]): string {
  return list(all.map(run => `${formatRange(run)} (${keyOf(run.register)})`))
}

/** `n2`, or `member 2` where the registry as it is known here has no name. */
function name({ member, node }: MemberName): string {
  return node === '' ? `member ${member}` : node
}

function list(texts: readonly string[]): string {
  if (texts.length <= listedMax) return texts.join(', ')
  return `${texts.slice(0, listedMax).join(', ')} and ${texts.length - listedMax} more`
}

function about(texts: readonly string[]): string {
  return texts.length === 0 ? '' : ` (${list(texts)})`
}
