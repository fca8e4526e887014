// What the admin socket serves from: the actors, and how one of its requests asks them.

import type { AllocatorMessage } from '../actors/messages/allocator.ts'
import type { CatalogueMessage } from '../actors/messages/catalogue.ts'
import type { MembershipMessage, PeersDescribed } from '../actors/messages/membership.ts'
import type { SecretaryMessage } from '../actors/messages/secretary.ts'
import type { CustodyDescribed, SubnetMessage } from '../actors/messages/subnet.ts'
import type { ActorWindow } from '../actors/runtime/actor-window.ts'
import { ask } from '../actors/runtime/ask.ts'
import type { ActorRef } from '../actors/runtime/ref.ts'
import type { Chronicle, ChronicleReader } from '../ports/chronicle.ts'
import type { Clock } from '../ports/clock.ts'
import type { PoolDesk } from '../ports/pool-desk.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import type { Looks } from './looks.ts'

/** An actor answers in milliseconds; who waits this long for one is better told that it does not. */
const askTimeoutMs = 5_000

export interface AdminHouse {
  readonly allocator: ActorRef<AllocatorMessage>
  readonly catalogue: ActorRef<CatalogueMessage>
  readonly membership: ActorRef<MembershipMessage>
  readonly secretary: ActorRef<SecretaryMessage>
  readonly actors: Pick<ActorWindow, 'vitals' | 'restarts' | 'describe' | 'trace' | 'tell'>
}

export interface AdminService {
  readonly node: string
  readonly release: string
  readonly clock: Clock
  readonly chronicle: Chronicle & ChronicleReader
  readonly metrics: {
    /** For this header `Accept`. */
    expose(accept: string): Promise<{ readonly type: string; readonly content: string }>
  }
  /** The last thing that was decided could not be written down. */
  readonly isDiskRefusing: () => boolean
  /** The peer id of who keeps the registry, as far as it is known here. */
  readonly registrar?: () => string | undefined
  readonly probe: Pick<SandboxProbe, 'sight'>
  /** The way to other nodes; absent where there is none. */
  readonly elsewhere?: Pick<Looks, 'ask' | 'serve'> | undefined
  /** Where pool documents are written; why there is no such place. */
  readonly pools: PoolDesk | { readonly why: string }
  /** Without a house the node cannot serve, and `why` says why. */
  readonly house: AdminHouse | { readonly why: string }
}

/** As AdminService, of a node that has a house. */
export interface OpenService extends AdminService {
  readonly house: AdminHouse
}

export type Subnets = ReadonlyMap<string, ActorRef<SubnetMessage>>

export function timing({ clock }: OpenService, timeoutMs = askTimeoutMs) {
  return { clock, timeoutMs }
}

export function describePeers(service: OpenService): Promise<PeersDescribed> {
  return ask(service.house.membership, { type: 'DescribePeers' }, timing(service))
}

/** By CIDR; those of which only other nodes have pools as well. */
export async function subnetsOf(service: OpenService): Promise<Subnets> {
  const described = await ask(service.house.catalogue, { type: 'DescribePools' }, timing(service))
  return described.subnets
}

export async function describeCustodies(service: OpenService): Promise<CustodyDescribed[]> {
  const subnets = await subnetsOf(service)
  return Promise.all(
    [...subnets.values()].map(actor => ask(actor, { type: 'DescribeCustody' }, timing(service)))
  )
}
