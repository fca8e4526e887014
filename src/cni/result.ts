// What a successful ADD prints, in the shape of each version (CNI 1.1.0 "ADD Success", delegated plugins:
// no interfaces; 0.2.0 "Result" for the old one with ip4 and ip6).

import { familyOf, formatAddress } from '../core/address.ts'
import type { Assignment, Route } from '../core/attachment.ts'
import { type CniVersion, isAtLeast } from './cni-version.ts'

/** The JSON document for stdout. */
export function resultJson(assignments: readonly Assignment[], cniVersion: CniVersion): string {
  if (!isAtLeast(cniVersion, '0.3.0')) return JSON.stringify(oldResult(assignments, cniVersion))
  const named = !isAtLeast(cniVersion, '1.0.0')
  const ips = assignments.map(assignment => ({
    ...(named && { version: String(familyOf(assignment.address)) }),
    address: addressWithPrefix(assignment),
    ...gatewayOf(assignment)
  }))
  const routes = distinctRoutes(assignments)
  return JSON.stringify({ cniVersion, ips, ...(routes.length > 0 && { routes }), dns: {} })
}

/** Up to 0.2.0 there is one address of each family and its routes are beside it. */
function oldResult(assignments: readonly Assignment[], cniVersion: CniVersion) {
  const entries = assignments.map(assignment => {
    const routes = distinctRoutes([assignment])
    const ip = addressWithPrefix(assignment)
    const entry = { ip, ...gatewayOf(assignment), ...(routes.length > 0 && { routes }) }
    return [`ip${familyOf(assignment.address)}`, entry] as const
  })
  return { cniVersion, ...Object.fromEntries(entries), dns: {} }
}

function addressWithPrefix({ address, prefix }: Assignment): string {
  return `${formatAddress(address)}/${prefix}`
}

function gatewayOf({ gateway }: Assignment): { gateway?: string } {
  return gateway === undefined ? {} : { gateway: formatAddress(gateway) }
}

/** Main plugins fail on a route that is there already, so two addresses of a pool bring theirs once. */
function distinctRoutes(assignments: readonly Assignment[]): Route[] {
  const byDestination = new Map<string, Route>()
  for (const route of assignments.flatMap(({ routes }) => routes)) {
    if (!byDestination.has(route.dst)) byDestination.set(route.dst, route)
  }
  return [...byDestination.values()]
}
