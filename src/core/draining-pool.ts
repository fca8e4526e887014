// Pools whose documents are gone while their addresses are in use: they give nothing and take back what
// is out. They stand as documents like the others, so that one set of rules protects their subnets.

import type { Cidr } from './cidr.ts'
import { formatCidr } from './cidr.ts'
import { subnetOfPoolName } from './ip-pool.ts'
import type { PoolDocument, PoolProblem } from './pool-document.ts'
import { buildPoolSet, type PoolSet } from './pool-set.ts'

/** Where such a document stands, for people. */
const drainingSource = 'addresses in use'

export function isDraining(pool: string, { inForce }: PoolSet): boolean {
  const { kind, name } = documentOf(pool)
  return inForce.some(
    one => one.kind === kind && one.name === name && one.source === drainingSource
  )
}

export function drainingDocument(name: string, subnet: Cidr): PoolDocument {
  const spec = { subnet: formatCidr(subnet), disable: true }
  return { ...documentOf(name), spec, source: drainingSource }
}

function documentOf(pool: string): Pick<PoolDocument, 'kind' | 'name'> {
  const subnet = subnetOfPoolName(pool)
  if (subnet === undefined) return { kind: 'SpiderIPPool', name: pool }
  return { kind: 'SpiderSubnet', name: subnet }
}

/** As buildPoolSet, and no pool is dropped that is named in `inUse` and was in force before. */
export function buildPoolSetKeeping(
  inUse: ReadonlySet<string>,
  documents: readonly PoolDocument[],
  previous: PoolSet,
  problems: readonly PoolProblem[]
): PoolSet {
  const set = buildPoolSet(documents, previous, problems)
  const draining = [...inUse]
    .filter(name => !set.pools.has(name))
    .flatMap(name => previous.pools.get(name) ?? [])
    .map(({ name, subnet }) => drainingDocument(name, subnet))
  if (draining.length === 0) return set
  return buildPoolSet([...documents, ...draining], previous, problems)
}
