// Which interface the pod's default route leaves by, and how packets of the others come and go by the same way: each
// interface has a table of its own, and a rule that sends what leaves from its addresses there.

import { type Family, familyOf } from '../core/address.ts'
import { type Route, tables } from '../kernel/view.ts'
import { alone, lookupRule } from './made-routes.ts'
import { sourcePriority } from './numbers.ts'
import { isOnLinkOf, wayKey } from './own-routes.ts'
import { addressesOf, nicsOf, type Impossible, type Stage, stageTable } from './stage.ts'
import type { Step } from './step.ts'

/** `ways`: the own routes of each interface. A pod with one interface needs none of it. */
export function waysOut(
  stage: Stage,
  ways: ReadonlyMap<string, readonly Route[]>
): readonly Step[] {
  const nics = nicsOf(stage)
  if (!stage.settings.tunePodRoutes || nics.length < 2) return []
  return ([4, 6] as const).flatMap(family => [
    ...nics.flatMap(ifname => ownWay(stage, ifname, family, ways.get(ifname) ?? [])),
    ...mainWay(stage, nics, family, ways)
  ])
}

/** An interface that is wanted for the default route, and neither there nor to come. */
export function missingNic(stage: Stage): Impossible | undefined {
  const { settings, key, pod, expected } = stage
  const wish = settings.defaultRouteNic
  if (wish === undefined || pod.links.some(({ name }) => name === wish.ifname)) return undefined
  const canCome = expected?.includes(wish.ifname) ?? comesLater(wish.ifname, key.ifname)
  // What holds for a whole network or cluster is not meant for pods that have their default interface alone.
  const isForAll = wish.from !== 'annotation' && key.ifname === settings.podDefaultCniNic
  if (canCome || isForAll) return undefined
  const there = nicsOf(stage).join(' and ')
  const by = {
    configuration: 'the network configuration',
    annotation: 'the pod’s annotation',
    cluster: 'the SpiderCoordinator'
  }[wish.from]
  return {
    problem: `podDefaultRouteNIC: ${wish.ifname} of ${by} does not exist in the pod, which has ${there}`
  }
}

/** Where nobody knows: interfaces come in the order of their numbers. */
function comesLater(wanted: string, now: string): boolean {
  const number = (ifname: string) => Number(/^net(\d+)$/.exec(ifname)?.[1] ?? 0)
  return number(wanted) > number(now)
}

function ownWay(stage: Stage, ifname: string, family: Family, ways: readonly Route[]): Step[] {
  const { pod } = stage
  const table = stageTable(stage, ifname)
  const addresses = addressesOf(pod, ifname).filter(one => familyOf(one) === family)
  if (addresses.length === 0) return []
  const routes = ways.filter(({ destination }) => destination.family === family)
  return [
    ...routes.map((route): Step => ({
      ...{ type: 'PutRoute', at: 'Pod' },
      route: { ...reachable(route, stage, ifname), table }
    })),
    ...addresses.map((address): Step => ({
      ...{ type: 'PutRule', at: 'Pod' },
      rule: lookupRule({ family, priority: sourcePriority(table), table, from: alone(address) })
    }))
  ]
}

/** With a next hop that may lie outside of the interface's subnets, as clouds have it with an address alone. */
function reachable(route: Route, { pod }: Stage, ifname: string): Route {
  const hops = route.hops.map(hop => ({
    ...hop,
    isOnLink: hop.isOnLink || (hop.gateway !== undefined && !isOnLinkOf(pod, ifname, hop.gateway))
  }))
  return { ...route, hops }
}

/** In the main table one interface has the default route, and no other one. */
function mainWay(
  stage: Stage,
  nics: readonly string[],
  family: Family,
  ways: ReadonlyMap<string, readonly Route[]>
): Step[] {
  const { pod, settings } = stage
  const defaults = pod.routes.filter(
    route => route.table === tables.main && isDefault(route, family)
  )
  const wanted = settings.defaultRouteNic?.ifname
  const own = (ifname: string) => bestDefault(ways.get(ifname) ?? [], family)
  const holder =
    wanted !== undefined && own(wanted) !== undefined
      ? wanted
      : holderOf(defaults, settings.podDefaultCniNic)
  const best = holder === undefined ? undefined : own(holder)
  if (holder === undefined || best === undefined) return []
  const isThere = defaults.some(route => isOf(route, [holder]) && wayKey(route) === wayKey(best))
  const others = defaults.filter(route => isOf(route, nics) && !isOf(route, [holder]))
  // One under the key of the wanted route is replaced by it, unless both are there (IPv6).
  const removed = others.filter(route => isThere || wayKey(route) !== wayKey(best))
  return [
    { type: 'PutRoute', at: 'Pod', route: reachable(best, stage, holder) },
    ...removed.map((route): Step => ({ type: 'DeleteRoute', at: 'Pod', route }))
  ]
}

function isDefault({ destination, type }: Route, family: Family): boolean {
  return destination.family === family && destination.prefix === 0 && type === 'unicast'
}

function isOf({ hops }: Route, nics: readonly (string | undefined)[]): boolean {
  return hops.length > 0 && hops.every(({ link }) => nics.includes(link))
}

function holderOf(defaults: readonly Route[], preferred: string): string | undefined {
  const links = defaults
    .toSorted((a, b) => a.metric - b.metric)
    .flatMap(({ hops }) => hops.flatMap(({ link }) => link ?? []))
  return links.includes(preferred) ? preferred : links[0]
}

function bestDefault(ways: readonly Route[], family: Family): Route | undefined {
  return ways.filter(route => isDefault(route, family)).toSorted((a, b) => a.metric - b.metric)[0]
}
