// A SpiderSubnet and the pools in it: they inherit from it, and what is left of it is for applications.

import { formatCidr } from './cidr.ts'
import type { PoolSpec } from './ip-pool.ts'

/** The same in the same order: pools of a SpiderSubnet with its gateway and routes, it without their addresses. */
export function divided(specs: readonly PoolSpec[]): readonly PoolSpec[] {
  const subnets = new Map(
    specs.filter(({ isSubnet }) => isSubnet).map(spec => [formatCidr(spec.subnet), spec])
  )
  if (subnets.size === 0) return specs
  const pools = Map.groupBy(
    specs.filter(({ isSubnet }) => !isSubnet),
    ({ subnet }) => formatCidr(subnet)
  )
  return specs.map(spec => {
    const cidr = formatCidr(spec.subnet)
    const parent = subnets.get(cidr)
    if (parent === undefined) return spec
    if (spec.isSubnet) return { ...spec, owned: leftOf(spec, pools.get(cidr) ?? []) }
    return {
      ...spec,
      ...(spec.gateway === undefined &&
        parent.gateway !== undefined &&
        !spec.owned.has(parent.gateway) && { gateway: parent.gateway }),
      ...(spec.inheritsRoutes && { routes: parent.routes })
    }
  })
}

function leftOf({ owned }: PoolSpec, pools: readonly PoolSpec[]): PoolSpec['owned'] {
  return pools.reduce((left, pool) => left.subtract(pool.owned), owned)
}
