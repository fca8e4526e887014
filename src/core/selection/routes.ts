// Routes that a pod asks for by annotation: each goes to the interface whose subnet has its next hop.

import { familyOf, parseAddress } from '../address.ts'
import type { Assignment, Route } from '../attachment.ts'
import { cidrOf } from '../cidr.ts'
import { rangeContains } from '../address-range.ts'
import type { Refusal } from '../refusal.ts'

export interface Bearer {
  readonly ifname: string
  readonly assignments: readonly Assignment[]
}

/**
 * Add the routes to the assignments of those that are `decided` now. One whose next hop is in no subnet of
 * these and of `others` is refused, unless more interfaces are still `expected`.
 */
export function withRoutes<T extends Bearer>(
  decided: readonly T[],
  routes: readonly Required<Route>[],
  others: readonly Bearer[],
  isMoreExpected: boolean
): readonly T[] | Refusal {
  const homeless = routes.filter(
    route => !isMoreExpected && ![...decided, ...others].some(bearer => fits(bearer, route))
  )
  if (homeless.length > 0) {
    const subnets = [...decided, ...others].flatMap(({ ifname, assignments }) =>
      assignments.map(({ address, prefix }) => ({ ifname, ...cidrOf(address, prefix) }))
    )
    return { reason: 'RouteUnfit', routes: homeless, subnets }
  }
  return decided.map(bearer => ({
    ...bearer,
    assignments: bearer.assignments.map(one => {
      const own = routes.filter(route => isOnLink(one, route))
      const known = new Set(own.map(({ dst }) => dst))
      // The pod's word on a destination comes before that of the pool.
      return own.length === 0
        ? one
        : { ...one, routes: [...own, ...one.routes.filter(({ dst }) => !known.has(dst))] }
    })
  }))
}

function fits({ assignments }: Bearer, route: Required<Route>): boolean {
  return assignments.some(assignment => isOnLink(assignment, route))
}

function isOnLink({ address, prefix }: Assignment, { gw }: Required<Route>): boolean {
  const hop = parseAddress(gw)
  if (hop === undefined || familyOf(hop) !== familyOf(address)) return false
  return rangeContains(cidrOf(address, prefix).range, hop)
}
