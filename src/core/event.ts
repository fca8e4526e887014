// What happens on a node that a person or a metric cares about. Told after the fact and deciding nothing: what is
// here is durable already, or was refused. Text is made of it where it leaves the process.

import type { Address } from './address.ts'
import type { Attachment, AttachmentKey, Pod } from './attachment.ts'
import type { MemberIndex, Run } from './lease/register.ts'
import type { Refusal } from './refusal.ts'
import type { Assertion } from './registry/record.ts'

/** An address of an attachment, and the pool that it came from. */
export interface PooledAddress {
  readonly address: Address
  readonly pool: string
}

/** A member as this node knew it at that moment; `node` is empty where the registry does not have it. */
export interface MemberName {
  readonly member: MemberIndex
  readonly node: string
}

/**
 * Why addresses were let go. `Queue`: a DEL that was written down while no daemon ran; `NotAcknowledged`: the client
 * left before it had the answer; `Reaped`: the pod is gone and no DEL came; `Companion`: another interface of the
 * sandbox was released before this one was asked for; `Conflict`: a foreign host has it; `Operator`: a person's word.
 */
export type ReleaseCause =
  'DEL' | 'Queue' | 'GC' | 'NotAcknowledged' | 'Reaped' | 'Companion' | 'Conflict' | 'Operator'

interface OfRequest {
  readonly key: AttachmentKey
  readonly pod: Pod
}

interface OfAttachment extends OfRequest {
  readonly addresses: readonly PooledAddress[]
}

/** Addresses of one subnet whose custody changed, with their new registers. */
interface OfCustody {
  /** In CIDR notation. */
  readonly subnet: string
  readonly runs: readonly Run[]
}

/** What becomes of attachments and their addresses. */
export type AddressEvent =
  | (OfAttachment & {
      readonly type: 'Allocated'
      /** The trace that the runtime asked in: 32 hexadecimal digits. */
      readonly trace?: string
    })
  | (OfAttachment & {
      readonly type: 'Released'
      readonly cause: ReleaseCause
      readonly why?: string
    })
  | (OfRequest & {
      readonly type: 'Refused'
      readonly reason: Refusal['reason']
      /** Those that were looked into. */
      readonly pools: readonly string[]
      /** Of an address that was asked for by name. */
      readonly addresses: readonly Address[]
      readonly trace?: string
    })
  /** May be given out again. */
  | { readonly type: 'Cooled'; readonly addresses: readonly Address[] }
  /** A host that is no pod has it: out of use for a while. */
  | { readonly type: 'Quarantined'; readonly address: Address; readonly mac: string }
  | { readonly type: 'QuarantineEnded'; readonly address: Address }
  /** From now on it is kept for this holder, or for nobody. */
  | {
      readonly type: 'Kept'
      readonly subnet: string
      readonly address: Address
      readonly holder: string | undefined
    }

/** How custody moves. */
export type LeaseEvent =
  /** Passed on; `request` is 0 when nobody had asked. */
  | (OfCustody & {
      readonly type: 'LeaseGranted'
      readonly to: MemberName
      /** Empty when the node gives away all that it has. */
      readonly pool: string
      readonly request: number
    })
  | (OfCustody & { readonly type: 'LeaseReceived'; readonly from: MemberName })
  /** The receiver has said that it has them. */
  | { readonly type: 'GrantClosed'; readonly subnet: string; readonly to: MemberName }
  /** By the registry: a new range was divided, or a contested address decided. */
  | (OfCustody & { readonly type: 'LeaseAssigned' })
  /** As heir of a member that was removed, for whoever has a pod there. */
  | (OfCustody & { readonly type: 'LeaseReclaimed'; readonly owner: MemberName })
  | (OfCustody & { readonly type: 'LeaseLost'; readonly to: MemberName })
  /** Given up for ever. */
  | (OfCustody & { readonly type: 'LeaseRetired' })
  | {
      readonly type: 'Contested'
      readonly subnet: string
      readonly address: Address
      readonly claims: readonly [MemberName, MemberName]
    }

/** Who belongs to the cluster and who can be reached. */
export type MemberEvent =
  | (MemberName & { readonly type: 'MemberJoined'; readonly record: number })
  | (MemberName & {
      readonly type: 'MemberRemoved'
      readonly record: number
      readonly heir: MemberName
      readonly assertion: Assertion
      readonly evidence: string
    })
  | (MemberName & { readonly type: 'MemberReachable' })
  | (MemberName & { readonly type: 'MemberUnreachable' })

/** What people want, and what becomes of the program. */
export type NodeAffair =
  | { readonly type: 'DrainBegun' }
  | { readonly type: 'DrainEnded' }
  | {
      readonly type: 'OrderGiven'
      /** The path of the request. */
      readonly order: string
      readonly body: unknown
      readonly status: number
      /** `uid 0` at the Unix socket, `token` over TCP. */
      readonly by: string
    }
  | { readonly type: 'PoolChanged'; readonly pool: string; readonly change: PoolChange }
  /** A document that is not in force. */
  | { readonly type: 'PoolRefused'; readonly source: string; readonly problem: string }
  | { readonly type: 'ActorCrashed'; readonly actor: string; readonly error: string }
  /** This life of the database is over; another one begins. */
  | { readonly type: 'IncarnationEnded'; readonly why: string }

export type PoolChange = 'Added' | 'Changed' | 'Removed'

/** What only metrics count: there are as many of them as there is work. */
export type MeasureEvent =
  | {
      readonly type: 'Committed'
      readonly changes: number
      readonly ms: number
      /** The disk took it. */
      readonly isDurable: boolean
    }
  | {
      readonly type: 'Answered'
      readonly verb: string
      /** The code of CNI, 0 for success; undefined when no answer could be given. */
      readonly code: number | undefined
      /** From the request's arrival to its answer. */
      readonly ms: number
      /** Of that, waiting for the allocator. */
      readonly decidingMs: number
      readonly trace?: string
    }

export type NodeEvent = AddressEvent | LeaseEvent | MemberEvent | NodeAffair | MeasureEvent

export type EventType = NodeEvent['type']

/** In the order in which people think of them. */
export const eventTypes = [
  'Allocated',
  'Released',
  'Refused',
  'Cooled',
  'Quarantined',
  'QuarantineEnded',
  'Kept',
  'LeaseGranted',
  'LeaseReceived',
  'GrantClosed',
  'LeaseAssigned',
  'LeaseReclaimed',
  'LeaseLost',
  'LeaseRetired',
  'Contested',
  'MemberJoined',
  'MemberRemoved',
  'MemberReachable',
  'MemberUnreachable',
  'DrainBegun',
  'DrainEnded',
  'OrderGiven',
  'PoolChanged',
  'PoolRefused',
  'ActorCrashed',
  'IncarnationEnded'
] as const satisfies readonly EventType[]

/** An event that people look for later; the others are only measured. */
export type ToldEvent = Exclude<NodeEvent, MeasureEvent>

export function isTold(event: NodeEvent): event is ToldEvent {
  return event.type !== 'Committed' && event.type !== 'Answered'
}

export function ofAttachment({ key, pod, assignments }: Attachment): OfAttachment {
  return { key, pod, addresses: assignments.map(({ address, pool }) => ({ address, pool })) }
}
