// What goes through the node, though the pod's default route leads elsewhere: Services, overlay pods, and what people
// name (a DNS cache on the node).

import { type Cidr, cidrOf, formatCidr } from '../core/cidr.ts'
import { tables } from '../kernel/view.ts'
import { putRoute } from './made-routes.ts'
import { nodeGateway, type Stage, stageTable } from './stage.ts'
import type { Step } from './step.ts'

export function hijack(stage: Stage): readonly Step[] {
  const { cable, key, source, families } = stage
  return cidrsOf(stage)
    .filter(({ family }) => families.includes(family))
    .flatMap(destination => {
      const gateway = nodeGateway(stage, destination.family)
      if (gateway === undefined) return []
      return [tables.main, stageTable(stage, key.ifname)].map(table =>
        putRoute('Pod', {
          ...{ table, destination, gateway, link: cable.pod.name },
          source: destination.family === 4 ? source : undefined
        })
      )
    })
}

/** Sentences about what does not work, which is no reason to stop a pod. */
export function hijackWarnings(stage: Stage): readonly string[] {
  const { settings, families, nodeAddresses } = stage
  const cidrs = cidrsOf(stage)
  return families.flatMap(family => {
    const concerned = cidrs.filter(cidr => cidr.family === family).map(formatCidr)
    if (nodeAddresses[family].length === 0) {
      return [
        `the node has no IPv${family} address that its pods could reach it by${concerned.length === 0 ? '' : `, so they do not reach ${concerned.join(', ')} through it`}`
      ]
    }
    if (settings.serviceCidrs.some(cidr => cidr.family === family)) return []
    return [`no IPv${family} serviceCIDR is known: pods do not reach Services through the node`]
  })
}

/** But what is on an interface's own link, which its kernel knows a way to. */
function cidrsOf({ settings, pod }: Stage): readonly Cidr[] {
  const { overlayPodCidrs, serviceCidrs, hijackCidrs } = settings
  const all = [...overlayPodCidrs, ...serviceCidrs, ...hijackCidrs]
  const distinct = new Map(all.map(cidr => [formatCidr(cidr), cidr]))
  for (const { address, prefix } of pod.addresses)
    distinct.delete(formatCidr(cidrOf(address, prefix)))
  return [...distinct.values()]
}
