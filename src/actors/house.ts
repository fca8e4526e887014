// Everything the actors need from outside, and how they are put together.

import type { CooldownPolicy } from '../core/cooldown.ts'
import type { Deliveries } from '../core/deliveries.ts'
import { RequestIds } from '../core/lease/request-ids.ts'
import type { Rules } from '../core/lease/rules.ts'
import type { FixedPolicy } from '../core/selection/identity.ts'
import { wire as releaseWire, type WireRange } from '../core/protocol.ts'
import type { ClusterView } from '../core/registry/cluster-view.ts'
import { viewEvents } from '../core/registry/view-events.ts'
import type { AttachmentStore } from '../ports/attachment-store.ts'
import type { Chronicle } from '../ports/chronicle.ts'
import type { Clock } from '../ports/clock.ts'
import type { LinkParts } from '../ports/link-prober.ts'
import type { Log } from '../ports/log.ts'
import type { Mesh, MeshListener } from '../ports/mesh.ts'
import type { PodFacts } from '../ports/pod-facts.ts'
import type { PoolListing, PoolSource } from '../ports/pool-source.ts'
import type { Random } from '../ports/random.ts'
import type { Registry } from '../ports/registry.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import { allocator } from './allocator.ts'
import { catalogue, poolsByCidr } from './catalogue.ts'
import { membership } from './membership.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { CatalogueMessage } from './messages/catalogue.ts'
import type { MembershipMessage } from './messages/membership.ts'
import type { SecretaryMessage } from './messages/secretary.ts'
import { viewOf } from './learned-view.ts'
import { Quarter } from './quarter.ts'
import { reaper } from './reaper.ts'
import { initialPools, rememberedByCidr } from './restore.ts'
import type { Spawner } from './runtime/behaviour.ts'
import type { ActorRef, StopReason } from './runtime/ref.ts'
import { Relay } from './runtime/relay.ts'
import { secretary } from './secretary.ts'
import { synchroniser } from './synchroniser.ts'

/** Who has to answer before a node serves again after a reboot. */
export type ConfirmMode = 'none' | 'reachable' | 'all'

export interface HouseParts {
  readonly store: AttachmentStore
  readonly source: PoolSource
  readonly probe: SandboxProbe
  readonly facts: PodFacts
  /** Whose pods keep their addresses, and how long when they do not come back. */
  readonly fixed: FixedPolicy & { readonly keepMs: number | undefined }
  readonly link: LinkParts
  readonly clock: Clock
  readonly log: Log
  readonly chronicle: Chronicle
  readonly random: Random
  readonly mesh: Mesh
  readonly registry: Registry
  /** The current boot id. */
  readonly boot: string
  readonly node: string
  /** The machine's id; empty when it has none. */
  readonly machine: string
  /** This node may write the first record when the registry is empty. */
  readonly founds: boolean
  readonly confirm: ConfirmMode
  readonly cooldown: CooldownPolicy
  readonly reap: { readonly everyMs: number; readonly graceMs: number }
  readonly rules: Rules
  /** What this process talks; without it what the release does. */
  readonly wire?: WireRange
  /** 16 hexadecimal digits: this process's opening of the database, whatever becomes of its actors. */
  readonly session: string
  /** Answers questions about the registry. */
  readonly onAsked: MeshListener['onAsked']
  /** Hears of every record of the registry that is durable here. */
  readonly onView?: (view: ClusterView) => void
  /**
   * This incarnation cannot go on: it was removed, or others remember more than it does. The house has to be
   * built anew over another one; what is in it serves nothing any more.
   */
  readonly onEnded: (why: string) => void
}

/** What a house takes over from the one before, beside what the store remembers. */
export interface Inheritance {
  readonly listing: PoolListing
  readonly onListed: (listing: PoolListing) => void
  /** Who has not confirmed its answer yet may still leave without it. */
  readonly deliveries: Deliveries
  /** Donors remember the numbers that the house before has used. */
  readonly requests?: RequestIds
}

export interface HouseRefs {
  readonly allocator: ActorRef<AllocatorMessage>
  readonly catalogue: ActorRef<CatalogueMessage>
  readonly membership: ActorRef<MembershipMessage>
  readonly secretary: ActorRef<SecretaryMessage>
}

/** Spawn every actor over what the store remembers; `onStopped` hears of each that ends, with its name. */
export function furnish(
  spawner: Spawner,
  parts: HouseParts,
  { listing, onListed, deliveries, requests = new RequestIds() }: Inheritance,
  onStopped: (reason: StopReason, actor: string) => void
): HouseRefs {
  const { store, source, probe, log, boot, reap, mesh, registry, random, node, machine } = parts
  const { rules, facts, link, fixed, chronicle, wire = releaseWire } = parts
  const state = store.load()
  const { identity, learned, peers } = state.leases
  const { incarnation } = identity
  const set = initialPools(listing, state)
  const poolsOf = poolsByCidr(set)
  const remembered = rememberedByCidr(state)
  const allocatorRelay = new Relay<AllocatorMessage>('allocator')
  const catalogueRelay = new Relay<CatalogueMessage>('catalogue')
  const membershipRelay = new Relay<MembershipMessage>('membership')
  const watched = <Message>(actor: ActorRef<Message>): ActorRef<Message> => {
    actor.watch(reason => onStopped(reason, actor.name))
    return actor
  }

  let view = viewOf(learned)
  const quarter = new Quarter({
    ...{ spawner, parts, state, poolsOf, remembered, incarnation, requests },
    view: () => view,
    watched,
    onCooled: (addresses, until) => {
      chronicle.note({ type: 'Cooled', addresses })
      allocatorRelay.insist({ type: 'Cooled', addresses, until })
    },
    onKept: (subnet, news, me) => allocatorRelay.insist({ type: 'KeptChanged', subnet, news, me })
  })
  const onView = (next: ClusterView) => {
    for (const event of viewEvents(view, next)) chronicle.note(event)
    view = next
    parts.onView?.(next)
    // First the guard at the door, then those behind it: what it lets in after this, it judged by this.
    const advanced = { type: 'ViewAdvanced', view } as const
    membershipRelay.insist(advanced)
    synchroniserRef.insist(advanced)
    quarter.advance(advanced)
    catalogueRelay.insist(advanced)
  }
  const cidrs = new Set([...poolsOf.keys(), ...remembered.keys()])
  const wishes = {
    ...{ incarnation, node, peer: mesh.peer, machine, wire, founds: parts.founds },
    domains: [...cidrs]
  }
  const secretaryRef = watched(
    spawner.spawn(
      secretary({
        ...{ registry, store, log, random, node, wishes, learned, view, onView },
        onDrain: isDraining => {
          chronicle.note({ type: isDraining ? 'DrainBegun' : 'DrainEnded' })
          quarter.drain(isDraining)
        }
      })
    )
  )
  const synchroniserRef = watched(
    spawner.spawn(
      synchroniser({
        ...{ random, incarnation, view, membership: membershipRelay },
        addresses: () => mesh.addresses()
      })
    )
  )
  const membershipRef = watched(
    spawner.spawn(
      membership({
        ...{ mesh, store, random, log, rules, node, wire, incarnation, peers, view },
        session: { opened: identity.opened, id: parts.session },
        secretary: secretaryRef,
        synchroniser: synchroniserRef,
        onReachable: message => {
          const { member, reachable } = message
          const type = reachable ? 'MemberReachable' : 'MemberUnreachable'
          chronicle.note({ type, member, node: view.members.get(member)?.node ?? '' })
          synchroniserRef.insist(message)
          quarter.reach(message)
        },
        onEnded: parts.onEnded
      })
    )
  )
  membershipRelay.point(membershipRef)
  quarter.open({
    membership: membershipRef,
    synchroniser: synchroniserRef,
    secretary: secretaryRef
  })
  for (const cidr of new Set([...cidrs, ...view.domains.keys()])) quarter.spawn(cidr)
  const { subnets } = quarter
  const pools = { type: 'PoolsChanged', pools: set.pools, subnets: new Map(subnets) } as const
  const allocatorRef = watched(
    spawner.spawn(
      allocator({ store, log, chronicle, boot, state, pools, deliveries, facts, fixed, link })
    )
  )
  allocatorRelay.point(allocatorRef)
  const catalogueRef = watched(
    spawner.spawn(
      catalogue({
        ...{ source, log, chronicle, initial: set, subnets, onListed },
        spawnSubnet: cidr => quarter.spawn(cidr),
        allocator: allocatorRef,
        secretary: secretaryRef
      })
    )
  )
  catalogueRelay.point(catalogueRef)
  secretaryRef.insist({ type: 'Learn' })
  watched(spawner.spawn(reaper({ allocator: allocatorRef, probe, facts, log, boot, ...reap })))
  mesh.listen({
    onMessage: (peer, envelope) => membershipRef.tell({ type: 'Heard', peer, envelope }),
    onRumour: (peer, envelope) => membershipRef.tell({ type: 'Overheard', peer, envelope }),
    onReachable: (peer, reachable) =>
      membershipRef.insist({ type: 'PeerReachable', peer, reachable }),
    onAsked: parts.onAsked
  })
  return {
    allocator: allocatorRef,
    catalogue: catalogueRef,
    membership: membershipRef,
    secretary: secretaryRef
  }
}
