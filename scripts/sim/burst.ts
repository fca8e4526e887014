// As many pods as addresses, started at once on many nodes, with all addresses at one node to begin with: how
// long they wait, and what it costs in requests.

import { allRules } from '../../src/core/lease/rules.ts'
import { Violation } from './judge.ts'
import type { Plan } from './plan.ts'
import { World } from './world.ts'

export const burstSizes = [1, 3, 10, 30, 100, 1_000]
const podsDefault = 1_000
const joinMs = 120_000
const serveMs = 120_000
/** More nodes than this are members from the beginning: how they join is not what is looked at. */
const joinsAloneMax = 100
/** A record has at most 64 KiB. */
const joinsAtOnce = 200

export interface BurstResult {
  readonly nodes: number
  readonly pods: number
  readonly served: number
  /** Milliseconds of virtual time that the slowest pod of each hundred waited. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lastMs: number
  readonly asks: number
  readonly refusals: number
  readonly grants: number
}

/** `skewed`: most of the pods on a few nodes. */
export async function burst(
  nodes: number,
  pods = podsDefault,
  isSkewed = false
): Promise<BurstResult> {
  const plan: Plan = {
    seed: 1,
    profile: 'burst',
    nodes,
    paces: Array.from({ length: nodes }, () => 1),
    pools: [{ family: 4, size: pods }],
    confirm: 'reachable',
    loss: 0,
    doubling: 0,
    tail: 0,
    tailMs: 0,
    lostDels: 0,
    healAt: 0,
    events: []
  }
  const world = new World({ plan, rules: allRules, keepsTrace: false })
  if (nodes > joinsAloneMax) joinAll(world)
  world.start()
  while (world.nodes.some(node => world.judge.memberOf(node) === undefined)) {
    if (world.now > joinMs) throw new Violation('V1', 'not everybody has joined')
    await world.runUntil(world.now + 1_000)
  }
  await world.runUntil(world.now + 20_000)
  const { asks, no, grants } = counts(world)
  const started = world.now
  const startedAt: number[] = []
  for (let pod = 0; pod < pods; pod += 1) {
    const delayMs = world.chance.between(0, 500)
    const share = isSkewed ? world.chance.next() ** 4 : world.chance.next()
    const node = world.nodes[Math.floor(share * nodes)]
    startedAt[pod] = started + delayMs
    world.agenda.after(delayMs, () => node?.pods?.start(pod, world.territories[0]?.demand as never))
  }
  const waits = new Map<number, number>()
  while (waits.size < pods && world.now < started + serveMs) {
    await world.runUntil(world.now + 5)
    for (const { pods: here } of world.nodes) {
      for (const { id } of here?.running() ?? []) {
        if (!waits.has(id)) waits.set(id, world.now - (startedAt[id] ?? 0))
      }
    }
  }
  const sorted = [...waits.values()].sort((a, b) => a - b)
  const after = counts(world)
  world.close()
  const at = (part: number) => Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0)
  return {
    nodes,
    pods,
    served: waits.size,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    lastMs: at(1),
    asks: after.asks - asks,
    refusals: after.no - no,
    grants: after.grants - grants
  }
}

function joinAll({ registry, nodes }: World): void {
  const signed = { author: 'operator', atMs: 0 }
  registry.write({ type: 'Genesis', cluster: '0123456789abcdef0123456789abcdef', ...signed })
  for (let at = 0; at < nodes.length; at += joinsAtOnce) {
    const members = nodes.slice(at, at + joinsAtOnce).map(({ joining }) => joining)
    const why = registry.write({ type: 'Join', members, ...signed })
    if (why !== undefined) throw new Error(why)
  }
}

function counts({ coverage }: World): { asks: number; no: number; grants: number } {
  return { asks: coverage.of('asks'), no: coverage.of('no'), grants: coverage.of('grants') }
}
