// As many pods as addresses, started at once on many nodes, with all addresses at one node to begin with; then all of
// them end and come back with another spread, when every node has some. How long they wait, and what it costs.

import { allRules } from '../../src/core/lease/rules.ts'
import { Violation } from './judge.ts'
import type { Plan } from './plan.ts'
import type { SimNode } from './sim-node.ts'
import { World } from './world.ts'

export const burstSizes = [1, 3, 10, 30, 100, 1_000]
const podsDefault = 1_000
const joinMs = 120_000
const serveMs = 120_000
/** All of them are started within this time. */
const startMs = 500
/** Until everybody has met whom it meets. */
const settleMs = 5_000
/** More nodes than this are members from the beginning: how they join is not what is looked at. */
const joinsAloneMax = 30
/** A record has at most 64 KiB. */
const joinsAtOnce = 200

/** One time that all pods start. */
export interface BurstRound {
  readonly served: number
  /** Milliseconds of virtual time that pods waited, including the tries of which they heard that there is none. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lastMs: number
  readonly asks: number
  readonly refusals: number
  readonly grants: number
  /** Of all kinds, to one peer or to everybody. */
  readonly messages: number
  /** ADDs that ended without an address. */
  readonly failed: number
}

export interface BurstResult {
  readonly nodes: number
  readonly pods: number
  readonly first: BurstRound
  readonly again: BurstRound
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
  // Links are gone before their DELs here: there is nothing to wait for.
  const cooldown = { normalMs: 0, scarceMs: 0 }
  const world = new World({ plan, rules: allRules, keepsTrace: false, cooldown })
  if (nodes > joinsAloneMax) joinAll(world)
  world.start()
  while (world.nodes.some(node => world.judge.memberOf(node) === undefined)) {
    if (world.now > joinMs) throw new Violation('V1', 'not everybody has joined')
    await world.runUntil(world.now + 1_000)
  }
  await world.runUntil(world.now + settleMs)
  const first = await startAll(world, 0, pods, isSkewed)
  await stopAll(world)
  const again = await startAll(world, pods, pods, isSkewed)
  world.close()
  return { nodes, pods, first, again }
}

/** Start pods with the numbers from `from` on, and wait for all of them. */
async function startAll(
  world: World,
  from: number,
  pods: number,
  isSkewed: boolean
): Promise<BurstRound> {
  const { chance, nodes } = world
  const before = counts(world)
  const started = world.now
  const waiting = new Map<number, { readonly node: SimNode; readonly since: number }>()
  for (let pod = from; pod < from + pods; pod += 1) {
    const delayMs = chance.between(0, startMs)
    const share = isSkewed ? chance.next() ** 4 : chance.next()
    const node = nodes[Math.floor(share * nodes.length)] as SimNode
    waiting.set(pod, { node, since: started + delayMs })
    world.agenda.after(delayMs, () => node.pods?.start(pod, world.territories[0]?.demand as never))
  }
  const waits: number[] = []
  while (waiting.size > 0 && world.now < started + serveMs) {
    await world.runUntil(world.now + 5)
    for (const [id, { node, since }] of waiting) {
      if (node.pods?.pods.get(id)?.box?.phase !== 'living') continue
      waiting.delete(id)
      waits.push(world.now - since)
    }
  }
  const sorted = waits.sort((a, b) => a - b)
  const at = (part: number) => Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0)
  const after = counts(world)
  return {
    ...{ served: waits.length, p50Ms: at(0.5), p99Ms: at(0.99), lastMs: at(1) },
    asks: after.asks - before.asks,
    refusals: after.refusals - before.refusals,
    grants: after.grants - before.grants,
    messages: after.messages - before.messages,
    failed: after.adds - before.adds - waits.length
  }
}

async function stopAll(world: World): Promise<void> {
  for (const { pods } of world.nodes) {
    for (const { id } of pods?.running() ?? []) pods?.stop(id, 'linkFirst')
  }
  await world.runUntil(world.now + settleMs)
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

function counts({ coverage }: World) {
  return {
    asks: coverage.of('asks'),
    refusals: coverage.of('no'),
    grants: coverage.of('grants'),
    messages: coverage.of('messages'),
    adds: coverage.of('ADDs')
  }
}
