// The ways between node and pod over the cable: the pod's to each address of the node, the node's to the pod.

import { type Address, type Family, familyOf } from '../core/address.ts'
import { scopes, tables } from '../kernel/view.ts'
import { alone, lookupRule, putRoute } from './made-routes.ts'
import { sharedPriority } from './numbers.ts'
import { addressesOf, type Stage, stageTable } from './stage.ts'
import type { Step } from './step.ts'

/** In the main table and in the interface's own, which is asked alone when a socket is bound to it. */
export function waysToNode(stage: Stage): readonly Step[] {
  const { families, nodeAddresses, cable, key, source } = stage
  return families.flatMap(family =>
    nodeAddresses[family].flatMap(address =>
      [tables.main, stageTable(stage, key.ifname)].map(table =>
        putRoute('Pod', {
          ...{ table, destination: alone(address), link: cable.pod.name },
          // An IPv6 route with a source address is not found by lookups that come with another one.
          source: family === 4 ? source : undefined
        })
      )
    )
  )
}

/** In a table that the whole host asks before its main one. */
export function waysToPod(stage: Stage): readonly Step[] {
  const { families, settings, pod, key, cable } = stage
  const table = settings.hostRuleTable
  return [
    ...families.map((family): Step => ({
      ...{ type: 'PutRule', at: 'Host' },
      rule: lookupRule({ family, priority: sharedPriority, table })
    })),
    ...addressesOf(pod, key.ifname).flatMap(address => [
      putRoute('Host', {
        ...{ table, destination: alone(address), link: cable.host.name },
        source: sourceOfNode(stage, familyOf(address))
      }),
      ...stale(stage, address)
    ])
  ]
}

/** Where the cable's end has an address of its own (ptp) the node would send from that, which the pod does not know. */
function sourceOfNode({ host, cable, nodeAddresses }: Stage, family: Family): Address | undefined {
  const hasOwn = host.addresses.some(
    ({ link, address, scope }) =>
      link === cable.host.name && familyOf(address) === family && scope === scopes.universe
  )
  return hasOwn ? nodeAddresses[family][0] : undefined
}

/** Under another metric they are other routes, and not replaced by ours. */
function stale({ host, settings, cable }: Stage, address: Address): Step[] {
  const { range, prefix } = alone(address)
  return host.routes
    .filter(
      ({ table, destination }) => table === settings.hostRuleTable && destination.prefix === prefix
    )
    .filter(({ destination }) => destination.range.start === range.start)
    .filter(({ hops }) => !hops.some(({ link }) => link === cable.host.name))
    .map(route => ({ type: 'DeleteRoute', at: 'Host', route }))
}
