// GUARDIAN: builds the house of actors from what the store remembers, watches it, and builds it anew when
// one of them crashes. One crash takes all of them along: they share decisions, and the store is the only
// thing that certainly survived. Too many crashes, and it gives up loudly.

import type { CooldownPolicy } from '../core/cooldown.ts'
import { Deliveries } from '../core/deliveries.ts'
import type { AttachmentStore } from '../ports/attachment-store.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { PoolListing, PoolSource } from '../ports/pool-source.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import { allocator } from './allocator.ts'
import { catalogue, poolsByCidr } from './catalogue.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { CatalogueMessage } from './messages/catalogue.ts'
import type { SubnetMessage } from './messages/subnet.ts'
import { reaper } from './reaper.ts'
import { initialPools, rememberedByCidr, restoreBook } from './restore.ts'
import { ActorSystem, type ActorVitals } from './runtime/actor-system.ts'
import type { ActorRef, StopReason } from './runtime/ref.ts'
import { Relay } from './runtime/relay.ts'
import { subnet } from './subnet.ts'

/** More crashes than this within the window, and the process had better start anew. */
const crashesMax = 5
const crashWindowMs = 60_000

export interface GuardianOptions {
  readonly store: AttachmentStore
  readonly source: PoolSource
  readonly probe: SandboxProbe
  readonly clock: Clock
  readonly log: Log
  /** The current boot id. */
  readonly boot: string
  readonly cooldown: CooldownPolicy
  readonly reap: { readonly everyMs: number; readonly graceMs: number }
  /** The house cannot be kept up. */
  readonly onGivenUp: (error: unknown) => void
}

export interface House {
  readonly allocator: ActorRef<AllocatorMessage>
  readonly catalogue: ActorRef<CatalogueMessage>
  vitals(): ActorVitals[]
  /** Let every actor finish what it was told. */
  stop(): Promise<void>
}

/** Build the house. Rejects when the store cannot be read. */
export async function guard(options: GuardianOptions): Promise<House> {
  const { source, clock, log, onGivenUp } = options
  const allocatorRelay = new Relay<AllocatorMessage>('allocator')
  const catalogueRelay = new Relay<CatalogueMessage>('catalogue')
  const crashes: number[] = []
  let listing = await source.read()
  const deliveries = new Deliveries()
  let system: ActorSystem | undefined

  const build = () => {
    const built = new ActorSystem(clock)
    const onStopped = (reason: StopReason) => {
      if (reason.type !== 'Crashed' || system !== built) return
      system = undefined
      // Two allocators over one store would be two opinions of what is free: the old one ends first.
      built.abort(reason.error)
      rebuild(reason.error)
    }
    const onListed = (latest: PoolListing) => (listing = latest)
    const refs = furnish(built, { listing, onListed, deliveries }, options, onStopped)
    allocatorRelay.point(refs.allocator)
    catalogueRelay.point(refs.catalogue)
    system = built
  }
  const rebuild = (error: unknown) => {
    const now = clock.monotonicMs()
    const recent = crashes.filter(at => now - at < crashWindowMs)
    crashes.splice(0, crashes.length, ...recent, now)
    log.error({ error, crashes: crashes.length }, 'an actor crashed; the house is built anew')
    allocatorRelay.point(undefined)
    catalogueRelay.point(undefined)
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
    vitals: () => system?.vitals() ?? [],
    stop: async () => {
      unwatch()
      const last = system
      system = undefined
      await last?.stop()
    }
  }
}

/** What a house takes over from the one before, beside what the store remembers. */
interface Inheritance {
  readonly listing: PoolListing
  readonly onListed: (listing: PoolListing) => void
  /** Who has not confirmed its answer yet may still leave without it. */
  readonly deliveries: Deliveries
}

/** Spawn every actor over what the store remembers. */
function furnish(
  system: ActorSystem,
  { listing, onListed, deliveries }: Inheritance,
  options: GuardianOptions,
  onStopped: (reason: StopReason) => void
): { allocator: ActorRef<AllocatorMessage>; catalogue: ActorRef<CatalogueMessage> } {
  const { store, source, probe, log, boot, cooldown, reap } = options
  const state = store.load()
  const set = initialPools(listing, state)
  const poolsOf = poolsByCidr(set)
  const remembered = rememberedByCidr(state)
  const allocatorRelay = new Relay<AllocatorMessage>('allocator')

  const spawnSubnet = (cidr: string): ActorRef<SubnetMessage> => {
    const actor = system.spawn(
      subnet({
        cidr,
        policy: cooldown,
        probe,
        restore: book =>
          restoreBook(book, poolsOf.get(cidr) ?? [], remembered.get(cidr), state.cursors, boot),
        onCooled: (addresses, until) => allocatorRelay.insist({ type: 'Cooled', addresses, until })
      })
    )
    actor.watch(onStopped)
    return actor
  }
  const cidrs = new Set([...poolsOf.keys(), ...remembered.keys()])
  const subnets = new Map([...cidrs].map(cidr => [cidr, spawnSubnet(cidr)]))
  const pools = { type: 'PoolsChanged', pools: set.pools, subnets: new Map(subnets) } as const
  const allocatorRef = system.spawn(allocator({ store, log, boot, state, pools, deliveries }))
  allocatorRelay.point(allocatorRef)
  const catalogueRef = system.spawn(
    catalogue({
      source,
      log,
      initial: set,
      subnets,
      spawnSubnet,
      allocator: allocatorRef,
      onListed
    })
  )
  const reaperRef = system.spawn(reaper({ allocator: allocatorRef, probe, log, boot, ...reap }))
  allocatorRef.watch(onStopped)
  catalogueRef.watch(onStopped)
  reaperRef.watch(onStopped)
  return { allocator: allocatorRef, catalogue: catalogueRef }
}
