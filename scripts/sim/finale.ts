// After the faults: everything that has to come right by itself, in bounded virtual time. Then the pools are
// filled to the last address, emptied, and looked through for what leaked.

import { formatAddress } from '../../src/core/address.ts'
import { LeaseMap } from '../../src/core/lease/lease-map.ts'
import { retired } from '../../src/core/lease/register.ts'
import type { StoredDomain } from '../../src/ports/lease-changes.ts'
import { Violation } from './judge.ts'
import type { Territory } from './landscape.ts'
import type { Pod } from './pods.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

/** Of virtual time; generous against every retry that a node has. */
const calmMs = 240_000
const fillMs = 180_000
const emptyMs = 180_000
const lookEveryMs = 1_000

/** A request that finds nothing for each grant that finds something, in the filling. */
const refusalsPerGrantMax = 40
const refusalsFree = 400

export async function finale(world: World): Promise<void> {
  await until(world, calmMs, 'V1', () => whatIsNotCalm(world))
  await fill(world)
  await empty(world)
  await until(world, calmMs, 'V1', () => whatIsNotCalm(world))
}

/** Look once a second until nothing is wrong any more. */
async function until(
  world: World,
  ms: number,
  rule: string,
  problem: () => string | undefined
): Promise<void> {
  const end = world.now + ms
  for (;;) {
    const found = problem()
    if (found === undefined) return
    if (world.now >= end) throw new Violation(rule, `after ${ms / 1_000} s of calm ${found}`)
    await world.runUntil(world.now + lookEveryMs)
  }
}

/** V1, V2, V4 and S18: what still differs, is open or belongs to nobody. */
function whatIsNotCalm(world: World): string | undefined {
  const { nodes, registry, territories } = world
  for (const node of nodes) {
    if (world.judge.memberOf(node) === undefined) return `${node.name} is no member`
    if (node.disk.learned !== registry.view.index) {
      return `${node.name} has read ${node.disk.learned} of ${registry.view.index} records`
    }
  }
  for (const territory of territories) {
    const problem = whatIsNotCalmIn(world, territory)
    if (problem !== undefined) return problem
  }
  return undefined
}

function whatIsNotCalmIn(world: World, { domain, addresses }: Territory): string | undefined {
  const hashes = new Map<string, SimNode>()
  for (const node of world.nodes) {
    const stored = node.disk.store.load().leases.domains.get(domain)
    if (stored === undefined) return `${node.name} knows nothing of ${domain}`
    hashes.set(hashOf(stored), node)
    const [grant] = stored.grants
    if (grant !== undefined) return `${node.name} has an open grant to member ${grant.to} (V2)`
    const idle = notServing(node, domain)
    if (idle !== undefined) return `${node.name} does not serve ${domain}: ${idle}`
  }
  if (hashes.size > 1) {
    return `${[...hashes.values()].map(({ name }) => name).join(' and ')} know different things of ${domain}`
  }
  for (const address of addresses) {
    const owner = world.nodes[0]?.disk.registers.get(address)?.owner
    const member = owner === undefined ? undefined : world.registry.view.members.get(owner)
    if (owner === retired || (member !== undefined && member.removed === undefined)) continue
    return `${formatAddress(address)} is of member ${owner}, who is gone (V4)`
  }
  return undefined
}

function hashOf({ runs, contests }: StoredDomain): string {
  return `${LeaseMap.of(runs).hash()} ${contests.length > 0 ? contests.length : ''}`
}

function notServing(node: SimNode, domain: string): string | undefined {
  let why: string | undefined = 'it is not running'
  node.system?.describeCustody(described => {
    if (described.domain === domain) why = described.notServing
  })
  return why
}

/** V3: as many pods as addresses, on nodes picked by chance, all get one. */
async function fill(world: World): Promise<void> {
  const { chance, coverage, nodes, territories } = world
  const before = { no: coverage.of('no'), grants: coverage.of('grants') }
  const placed: { readonly node: SimNode; readonly id: number }[] = []
  // What was left waiting when the faults ended would be in the way of an exact count.
  for (const node of nodes)
    for (const { id, box } of node.pods?.wanted() ?? []) {
      if (box?.phase !== 'living') node.pods?.stop(id, 'linkFirst')
    }
  const isSkewed = chance.hits(0.3)
  const favourite = chance.pick(nodes)
  for (const territory of territories) {
    const running = nodes.flatMap(node => livingIn(node, territory))
    const usable = territory.addresses.length - unusable(world, territory)
    for (let i = running.length; i < usable; i += 1) {
      const node = isSkewed && chance.hits(0.8) ? favourite : chance.pick(nodes)
      const id = 10_000 + placed.length
      node.pods?.start(id, territory.demand)
      placed.push({ node, id })
    }
  }
  await until(world, fillMs, 'V3', () => {
    const waiting = placed.filter(
      ({ node, id }) => node.pods?.pods.get(id)?.box?.phase !== 'living'
    )
    if (waiting.length === 0) return undefined
    const names = waiting.map(({ node, id }) => `p${id} on ${node.name}`).join(', ')
    return `${names} of ${placed.length} pods have no address`
  })
  const refusals = coverage.of('no') - before.no - refusalsFree
  const grants = Math.max(1, coverage.of('grants') - before.grants)
  if (refusals / grants <= refusalsPerGrantMax) return
  throw new Violation('V8', `${refusals} requests were refused in the filling, ${grants} granted`)
}

function livingIn(node: SimNode, { addresses }: Territory): Pod[] {
  const set = new Set(addresses)
  return (node.pods?.running() ?? []).filter(({ box }) => box?.addresses.some(one => set.has(one)))
}

/** Retired and contested addresses, of which a pod may still have some. */
function unusable(world: World, { domain, addresses }: Territory): number {
  const [node] = world.nodes
  const contests = node?.disk.store.load().leases.domains.get(domain)?.contests ?? []
  const held = new Set(
    world.nodes.flatMap(one => one.pods?.running() ?? []).flatMap(({ box }) => box?.addresses ?? [])
  )
  return addresses.filter(address => {
    const register = node?.disk.registers.get(address)
    const isContested = contests.some(
      contest =>
        contest.address === address &&
        register !== undefined &&
        register.fence <= contest.claims[0].fence
    )
    return (register?.owner === retired || isContested) && !held.has(address)
  }).length
}

/** V5: no pod, no attachment. */
async function empty(world: World): Promise<void> {
  for (const node of world.nodes) {
    for (const { id } of node.pods?.wanted() ?? []) {
      node.pods?.stop(id, world.chance.pick(['linkFirst', 'releaseFirst', 'silent', 'twice']))
    }
  }
  await until(world, emptyMs, 'V5', () => {
    const leaks = world.nodes.flatMap(node => {
      const count = node.disk.store.load().attachments.length
      return count === 0 ? [] : [`${node.name} still has ${count} attachments`]
    })
    return leaks.length === 0 ? undefined : leaks.join(', ')
  })
}
