// One history before it happens: the world's shape and everything that is done to it, drawn from a seed. It is
// a list, so that a failure can be made smaller by leaving events out.

import type { ConfirmMode } from '../../src/actors/house.ts'
import { Chance } from './chance.ts'
import type { Ending } from './pods.ts'
import type { Moment } from './node-setup.ts'
import { type FaultKind, type Profile, profiles } from './profiles.ts'

/** Nodes, pods and pools by number; those that do not fit the state of the world by then do nothing. */
export type PlanEvent = { readonly at: number } & (
  | {
      readonly type: 'Start'
      readonly node: number
      readonly pod: number
      readonly pool: number
      /** The pod of a StatefulSet with this number, which keeps its address. */
      readonly ordinal?: number
    }
  | { readonly type: 'Stop'; readonly pod: number; readonly ending: Ending }
  | { readonly type: 'Again'; readonly pod: number }
  | { readonly type: 'Fetch'; readonly node: number; readonly address: number }
  | { readonly type: 'Drain'; readonly node: number }
  | { readonly type: 'Cut'; readonly from: number; readonly to: number; readonly ms: number }
  | { readonly type: 'Island'; readonly nodes: readonly number[]; readonly ms: number }
  | {
      readonly type: 'Die'
      readonly node: number
      readonly moment: Moment
      readonly skip: number
      readonly ms: number
    }
  | { readonly type: 'Reboot'; readonly node: number; readonly ms: number }
  | { readonly type: 'BackUp'; readonly node: number }
  | {
      readonly type: 'Restore'
      readonly node: number
      readonly which: 'oldest' | 'newest'
      readonly ms: number
    }
  | {
      readonly type: 'LoseDisk'
      readonly node: number
      readonly isAlive: boolean
      readonly ms: number
    }
  | { readonly type: 'Refuse'; readonly node: number; readonly ms: number }
  | { readonly type: 'Slow'; readonly node: number; readonly factor: number; readonly ms: number }
  | { readonly type: 'WallJump'; readonly node: number; readonly ms: number }
  | { readonly type: 'RegistryAway'; readonly nodes: readonly number[]; readonly ms: number }
  | { readonly type: 'RegistryLossy'; readonly rate: number; readonly ms: number }
  /** The machine is off, a person says so after a while, and it comes back with its old disk later. */
  | {
      readonly type: 'Remove'
      readonly node: number
      readonly heir: number
      readonly sayMs: number
      readonly backMs: number
    }
  /** Another daemon takes over, which talks the wire versions from 1 to this one. */
  | {
      readonly type: 'Upgrade'
      readonly node: number
      readonly newest: number
      readonly ms: number
    }
  /** A person says so of a machine that runs. */
  | { readonly type: 'WrongRemove'; readonly node: number; readonly heir: number }
)

export type PlanEventOf<Type extends PlanEvent['type']> = Extract<PlanEvent, { type: Type }>

/** One pool is one subnet with exactly so many usable addresses. */
export interface PlannedPool {
  readonly family: 4 | 6
  readonly size: number
}

export interface Plan {
  readonly seed: number
  readonly profile: string
  readonly nodes: number
  readonly paces: readonly number[]
  readonly pools: readonly PlannedPool[]
  readonly confirm: ConfirmMode
  readonly loss: number
  readonly doubling: number
  readonly tail: number
  readonly tailMs: number
  readonly lostDels: number
  /** When faults stop, in milliseconds. */
  readonly healAt: number
  readonly events: readonly PlanEvent[]
}

export function planOf(seed: number, name: string): Plan {
  const profile = profiles[name]
  if (profile === undefined) throw new Error(`there is no profile ${name}`)
  const chance = new Chance(seed, `plan ${name}`)
  const nodes = 3 + chance.below(profile.nodesMax - 2)
  const total = profile.addresses[0] + chance.below(profile.addresses[1] - profile.addresses[0] + 1)
  const pools = poolsOf(chance, total)
  // Swarm testing: each seed has some of the faults only, so that rare ones do not drown in frequent ones.
  const kinds = profile.faults.filter(({ always }) => always === true || chance.hits(0.6))
  const events = [
    ...podEvents(chance, profile, nodes, pools),
    ...kinds.flatMap(({ kind, count }) => faultEvents(chance, kind, count, nodes, profile, total))
  ]
  const isBad = chance.hits(profile.badWeather)
  const plan: Plan = {
    seed,
    profile: name,
    nodes,
    paces: Array.from({ length: nodes }, () => chance.between(0.9, 1.1)),
    pools,
    confirm: chance.pick(profile.confirm),
    loss: isBad ? chance.between(0, 0.25) : 0,
    doubling: isBad ? chance.between(0, 0.2) : 0,
    tail: isBad ? 0.05 : 0,
    tailMs: chance.between(2_000, 40_000),
    lostDels: chance.hits(0.3) ? 0.3 : 0,
    healAt: profile.lastsMs,
    events
  }
  const { upgrades = 0, lastsMs } = profile
  if (upgrades > 0 && chance.hits(upgrades)) events.push(...upgradeEvents(chance, nodes, lastsMs))
  events.sort((a, b) => a.at - b.at)
  return plan
}

/** A newer release comes to all of them in turn; some go back to the older one, and come again. */
function upgradeEvents(chance: Chance, nodes: number, lastsMs: number): PlanEvent[] {
  const everyMs = chance.between(50, 6_000)
  const start = chance.between(1_500, Math.max(2_000, lastsMs - nodes * everyMs))
  const order = chance.shuffled(Array.from({ length: nodes }, (_, i) => i))
  const steps = order.map((node, i) => ({ node, newest: 2, at: start + i * everyMs }))
  const node = chance.below(nodes)
  const at = start + everyMs * chance.between(0, nodes)
  if (chance.hits(0.3)) {
    steps.push({ node, newest: 1, at }, { node, newest: 2, at: at + chance.between(500, 9_000) })
  }
  return steps.map(step => ({ ...step, type: 'Upgrade', ms: chance.between(50, 1_000) }))
}

function poolsOf(chance: Chance, total: number): PlannedPool[] {
  if (chance.hits(0.1)) return [{ family: 6, size: total }]
  if (total < 8 || chance.hits(0.75)) return [{ family: 4, size: total }]
  return [
    { family: 4, size: total >> 1 },
    { family: chance.hits(0.3) ? 6 : 4, size: total - (total >> 1) }
  ]
}

function podEvents(
  chance: Chance,
  profile: Profile,
  nodes: number,
  pools: readonly PlannedPool[]
): PlanEvent[] {
  const total = pools.reduce((sum, { size }) => sum + size, 0)
  const pods = Math.ceil(total * chance.between(profile.pods[0], profile.pods[1]))
  const events: PlanEvent[] = []
  const burstAt = chance.between(2_000, profile.lastsMs / 2)
  for (let pod = 0; pod < pods; pod += 1) {
    const isInBurst = chance.hits(profile.bursts)
    const at = isInBurst ? burstAt + chance.between(0, 500) : chance.between(500, profile.lastsMs)
    const pool = chance.below(pools.length)
    const node = chance.below(nodes)
    const isFixed = profile.fixed !== undefined && chance.hits(profile.fixed)
    const ordinal = isFixed ? { ordinal: chance.below(Math.ceil(total / 2)) } : {}
    events.push({ at, type: 'Start', node, pod, pool, ...ordinal })
    if (chance.hits(0.1)) events.push({ at: at + chance.between(1, 20_000), type: 'Again', pod })
    if (!chance.hits(profile.ends)) continue
    const endings: Ending[] = [
      'linkFirst',
      'releaseFirst',
      'releaseFirst',
      'silent',
      'late',
      'twice'
    ]
    const stopAt = at + chance.between(500, 0.7 * profile.lastsMs)
    events.push({ at: stopAt, type: 'Stop', pod, ending: chance.pick(endings) })
    if (chance.hits(0.1)) events.push({ at: stopAt + chance.between(1, 9_000), type: 'Again', pod })
  }
  return events
}

function faultEvents(
  chance: Chance,
  kind: FaultKind,
  count: readonly [number, number],
  nodes: number,
  { lastsMs }: Profile,
  addresses: number
): PlanEvent[] {
  const times = count[0] + chance.below(count[1] - count[0] + 1)
  return Array.from({ length: times }, () => {
    const at = chance.between(1_500, lastsMs)
    const node = chance.below(nodes)
    const other = (node + 1 + chance.below(nodes - 1)) % nodes
    const everybody = Array.from({ length: nodes }, (_, i) => i)
    const some = chance.shuffled(everybody).slice(0, 1 + chance.below(nodes - 1))
    const ms = chance.between(300, chance.hits(0.3) ? lastsMs / 2 : 8_000)
    const downMs = chance.between(50, chance.hits(0.3) ? 30_000 : 3_000)
    switch (kind) {
      case 'cut':
        return [{ at, type: 'Cut', from: node, to: other, ms }] as const
      case 'island':
        return [{ at, type: 'Island', nodes: some, ms }] as const
      case 'flap':
        return Array.from(
          { length: 5 },
          (_, i) => ({ at: at + i * 1_500, type: 'Island', nodes: [node], ms: 700 }) as const
        )
      case 'die': {
        const moment = chance.pick<Moment>(['message', 'beforeCommit', 'afterCommit'])
        return [{ at, type: 'Die', node, moment, skip: chance.below(12), ms: downMs }] as const
      }
      case 'reboot':
        return [{ at, type: 'Reboot', node, ms: downMs }] as const
      case 'restore': {
        const backUp = { at: chance.between(1_500, at), type: 'BackUp', node } as const
        const which = chance.pick(['oldest', 'newest'] as const)
        return [backUp, { at, type: 'Restore', node, which, ms: downMs }] as const
      }
      case 'loseDisk':
        return [
          { at, type: 'LoseDisk', node, isAlive: Math.floor(at) % 2 === 0, ms: downMs }
        ] as const
      case 'refuse':
        return [{ at, type: 'Refuse', node, ms }] as const
      case 'slow':
        return [{ at, type: 'Slow', node, factor: chance.between(5, 400), ms }] as const
      case 'wallJump':
        return [{ at, type: 'WallJump', node, ms: chance.between(-1, 1) * 3_600_000 }] as const
      case 'registryAway': {
        const who = chance.hits(0.5) ? everybody : some
        return [{ at, type: 'RegistryAway', nodes: who, ms }] as const
      }
      case 'registryLossy':
        return [{ at, type: 'RegistryLossy', rate: 0.4, ms }] as const
      case 'remove': {
        const backMs = chance.hits(0.7) ? chance.between(500, 20_000) : lastsMs
        const sayMs = chance.between(10, 5_000)
        return [{ at, type: 'Remove', node, heir: other, sayMs, backMs }] as const
      }
      case 'wrongRemove':
        return [{ at, type: 'WrongRemove', node, heir: other }] as const
      case 'fetch':
        return [{ at, type: 'Fetch', node, address: chance.below(addresses) }] as const
      case 'drain':
        return [{ at, type: 'Drain', node }] as const
    }
  }).flat()
}
