// Which addresses of the node its pods can reach it by, and which of them is the next hop of what they send through it.

import { type Address, type Family, familyOf } from '../core/address.ts'
import { rangeContains } from '../core/address-range.ts'
import { cidrOf } from '../core/cidr.ts'
import { type LinkAddress, type NamespaceView, scopes, tables } from '../kernel/view.ts'

/** Links of a node whose addresses are none of its own: pods', bridges' and other networks' ends. */
const foreign =
  /^(?:docker|cbr|dummy|virbr|lxcbr|veth|cali|flannel|kube-ipvs|cni|vx-submariner|cilium)/

/** More are not routes in every pod. */
const addressesMax = 64

/**
 * Of one family. First comes the one on the pod's own subnet, else the one that the node's default route leaves
 * by; what the pod's presence changes on the node decides nothing, so the order stays when this is repeated.
 */
export function nodeAddresses(
  host: NamespaceView,
  family: Family,
  podAddresses: readonly Address[]
): readonly Address[] {
  const loopbacks = new Set(host.links.filter(link => link.isLoopback).map(({ name }) => name))
  const own = host.addresses.filter(
    ({ link, address, scope, isDadFailed }) =>
      familyOf(address) === family &&
      scope === scopes.universe &&
      !isDadFailed &&
      !loopbacks.has(link) &&
      !foreign.test(link)
  )
  const first = onSubnetOf(own, podAddresses) ?? onDefaultRoute(host, family, own)
  const all = own.map(({ address }) => address)
  return [...new Set(first === undefined ? all : [first, ...all])].slice(0, addressesMax)
}

function onSubnetOf(
  own: readonly LinkAddress[],
  podAddresses: readonly Address[]
): Address | undefined {
  const near = own.filter(({ address, prefix }) =>
    podAddresses.some(
      one =>
        familyOf(one) === familyOf(address) && rangeContains(cidrOf(address, prefix).range, one)
    )
  )
  return near.sort((a, b) => b.prefix - a.prefix)[0]?.address
}

function onDefaultRoute(
  { routes }: NamespaceView,
  family: Family,
  own: readonly LinkAddress[]
): Address | undefined {
  const [way] = routes
    .filter(({ table, destination }) => table === tables.main && destination.prefix === 0)
    .filter(({ destination, type }) => destination.family === family && type === 'unicast')
    .sort((a, b) => a.metric - b.metric)
  if (way === undefined) return undefined
  if (way.source !== undefined && own.some(({ address }) => address === way.source)) {
    return way.source
  }
  return own.find(({ link }) => way.hops.some(hop => hop.link === link))?.address
}
