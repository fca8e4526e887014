// GUARDIAN: builds the house of actors from what the store remembers, watches it, and builds it anew when
// one of them crashes. One crash takes all of them along: they share decisions, and the store is the only
// thing that certainly survived. Too many crashes, and it gives up loudly.

import { Deliveries } from '../core/deliveries.ts'
import { messageOf } from '../core/error-text.ts'
import { RequestIds } from '../core/lease/request-ids.ts'
import type { PoolListing } from '../ports/pool-source.ts'
import { furnish, type HouseParts, type HouseRefs } from './house.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { CatalogueMessage } from './messages/catalogue.ts'
import type { MembershipMessage } from './messages/membership.ts'
import type { SecretaryMessage } from './messages/secretary.ts'
import { ActorSystem } from './runtime/actor-system.ts'
import { ActorWindow } from './runtime/actor-window.ts'
import type { StopReason } from './runtime/ref.ts'
import { Relay } from './runtime/relay.ts'

/** More crashes than this within the window, and the process had better start anew. */
const crashesMax = 5
const crashWindowMs = 60_000

export interface GuardianOptions extends HouseParts {
  /** The house cannot be kept up. */
  readonly onGivenUp: (error: unknown) => void
}

export interface House extends HouseRefs {
  readonly actors: ActorWindow
  /** Let every actor finish what it was told. */
  stop(): Promise<void>
}

/** Build the house. Rejects when the store cannot be read. */
export async function guard(options: GuardianOptions): Promise<House> {
  const { source, clock, log, chronicle, onGivenUp } = options
  const allocatorRelay = new Relay<AllocatorMessage>('allocator')
  const catalogueRelay = new Relay<CatalogueMessage>('catalogue')
  const membershipRelay = new Relay<MembershipMessage>('membership')
  const secretaryRelay = new Relay<SecretaryMessage>('secretary')
  const relays = [allocatorRelay, catalogueRelay, membershipRelay, secretaryRelay]
  const crashes: number[] = []
  let listing = await source.read()
  const deliveries = new Deliveries()
  const requests = new RequestIds()
  let system: ActorSystem | undefined
  const actors = new ActorWindow(() => system, clock)

  const build = () => {
    const built = new ActorSystem(clock)
    const onStopped = (reason: StopReason, actor: string) => {
      if (reason.type !== 'Crashed' || system !== built) return
      system = undefined
      actors.crashed(built, reason.error)
      // Two allocators over one store would be two opinions of what is free: the old one ends first.
      built.abort(reason.error)
      rebuild(reason.error, actor)
    }
    const onListed = (latest: PoolListing) => (listing = latest)
    const parts = { ...options, onEnded: (why: string) => retire(built, why) }
    const inheritance = { listing, onListed, deliveries, requests }
    const refs = furnish(built, parts, inheritance, onStopped)
    allocatorRelay.point(refs.allocator)
    catalogueRelay.point(refs.catalogue)
    membershipRelay.point(refs.membership)
    secretaryRelay.point(refs.secretary)
    system = built
  }
  /** Nothing more is decided in the name of an incarnation that has ended. */
  const retire = (ended: ActorSystem, why: string) => {
    if (system !== ended) return
    system = undefined
    for (const relay of relays) relay.point(undefined)
    ended.abort(new Error(why))
    chronicle.note({ type: 'IncarnationEnded', why })
    // What is in the middle of its work finishes first.
    clock.after(0, () => options.onEnded(why))
  }
  const rebuild = (error: unknown, actor: string) => {
    const now = clock.monotonicMs()
    const recent = crashes.filter(at => now - at < crashWindowMs)
    crashes.splice(0, crashes.length, ...recent, now)
    log.error(
      { error, actor, crashes: crashes.length },
      'an actor crashed; the house is built anew'
    )
    chronicle.note({ type: 'ActorCrashed', actor, error: messageOf(error) })
    for (const relay of relays) relay.point(undefined)
    if (crashes.length > crashesMax) return onGivenUp(error)
    try {
      build()
      catalogueRelay.tell({ type: 'Reload' })
    } catch (second) {
      onGivenUp(second)
    }
  }

  build()
  const unwatch = source.watch(() => catalogueRelay.tell({ type: 'Reload' }))
  return {
    allocator: allocatorRelay,
    catalogue: catalogueRelay,
    membership: membershipRelay,
    secretary: secretaryRelay,
    actors,
    stop: async () => {
      unwatch()
      const last = system
      system = undefined
      await last?.stop()
    }
  }
}
