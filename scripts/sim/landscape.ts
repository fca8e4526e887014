// Pools of a world: documents as people write them, and the addresses that come of them.

import { type Address, formatAddress, parseAddress } from '../../src/core/address.ts'
import type { Demand } from '../../src/core/demand.ts'
import type { PoolDocument } from '../../src/ports/pool-source.ts'
import type { PlannedPool } from './plan.ts'

export interface Territory {
  readonly name: string
  /** The domain, in CIDR notation. */
  readonly domain: string
  readonly document: PoolDocument
  readonly demand: Demand
  readonly addresses: readonly Address[]
}

/** Small subnets, so that what lies outside a pool is little. */
export function territoryOf({ family, size }: PlannedPool, index: number): Territory {
  const name = `pool${index}`
  const domain = family === 4 ? `10.${index}.0.0/${size > 200 ? 16 : 24}` : `fd0${index}::/64`
  const first = parseAddress(family === 4 ? `10.${index}.0.2` : `fd0${index}::2`)
  if (first === undefined) throw new Error('the first address of a pool is one')
  const addresses = Array.from({ length: size }, (_, i) => (first + BigInt(i)) as Address)
  const ips = `${formatAddress(first)}-${formatAddress(addresses.at(-1) ?? first)}`
  const spec = { subnet: domain, ips: [ips], default: true }
  const pools = { 4: family === 4 ? [name] : [], 6: family === 6 ? [name] : [] }
  return {
    name,
    domain,
    document: { kind: 'SpiderIPPool', name, spec, source: `${name}.yaml` },
    demand: { requested: [], pools, cleanGateway: false },
    addresses
  }
}
