// Main plugins that are older than CNI 1.1 drop what a route of a result says beside destination and gateway, and put
// a route for another table into the main one. Here it gets what it was given.

import { formatCidr } from '../core/cidr.ts'
import type { ResultRoute } from '../core/coordination/previous-result.ts'
import { protocols, type Route, tables } from '../kernel/view.ts'
import { toldRoute } from './own-routes.ts'
import type { Stage } from './stage.ts'
import type { Step } from './step.ts'

export function routeAttributes(stage: Stage): readonly Step[] {
  return stage.result.routes.filter(hasAttributes).flatMap(told => {
    const route = toldRoute(stage, told, told.table || tables.main)
    const bare = bareOf(stage, route)
    return [
      ...(bare === undefined ? [] : [{ type: 'DeleteRoute', at: 'Pod', route: bare } as const]),
      { type: 'PutRoute', at: 'Pod', route }
    ]
  })
}

function hasAttributes({
  mtu = 0,
  advmss = 0,
  priority = 0,
  table = 0,
  scope
}: ResultRoute): boolean {
  return (
    mtu > 0 ||
    advmss > 0 ||
    priority > 0 ||
    scope !== undefined ||
    (table > 0 && table !== tables.main)
  )
}

/** What a plugin that knows no attributes has made of it, when that is another route than the one that is wanted. */
function bareOf({ pod, key, result }: Stage, wanted: Route): Route | undefined {
  const text = formatCidr(wanted.destination)
  const isWantedBare = result.routes.some(
    route => !hasAttributes(route) && formatCidr(route.destination) === text
  )
  if (isWantedBare) return undefined
  return pod.routes.find(
    ({ table, destination, metric, hops, protocol }) =>
      table === tables.main &&
      protocol !== protocols.kernel &&
      (table !== wanted.table || metric !== wanted.metric) &&
      formatCidr(destination) === text &&
      hops.length === 1 &&
      hops[0]?.link === key.ifname &&
      hops[0].gateway === wanted.hops[0]?.gateway
  )
}
