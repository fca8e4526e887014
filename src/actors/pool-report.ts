// What people hear of pools: each change and each problem once, and when a problem is over.

import { formatAddress } from '../core/address.ts'
import { formatRange } from '../core/address-range.ts'
import { formatCidr } from '../core/cidr.ts'
import { isDraining } from '../core/draining-pool.ts'
import type { PoolChange } from '../core/event.ts'
import type { IpPool } from '../core/ip-pool.ts'
import { type PoolProblem, problemText } from '../core/pool-document.ts'
import type { PoolSet } from '../core/pool-set.ts'
import type { Chronicle } from '../ports/chronicle.ts'
import type { Log } from '../ports/log.ts'

/** Where people hear of it. */
export interface Announcers {
  readonly log: Log
  readonly chronicle: Chronicle
}

export function reportPools(to: Announcers, before: PoolSet, after: PoolSet): void {
  const { log } = to
  const say = (pool: string, change: PoolChange) =>
    to.chronicle.note({ type: 'PoolChanged', pool, change })
  reportProblems(to, before.problems, after.problems)
  for (const [name, pool] of after.pools) {
    const old = before.pools.get(name)
    if (isDraining(name, after)) {
      if (!isDraining(name, before)) log.warn({ pool: name }, 'a pool drains: its document is gone')
      continue
    }
    const now = describe(pool)
    if (old === undefined) {
      log.info(now, 'a pool is in force')
      say(name, 'Added')
    } else if (JSON.stringify(describe(old)) !== JSON.stringify(now)) {
      log.info(now, 'a pool changed')
      say(name, 'Changed')
    }
  }
  for (const name of before.pools.keys()) {
    if (after.pools.has(name)) continue
    log.info({ pool: name }, 'a pool is gone')
    say(name, 'Removed')
  }
}

export function reportSkipped(log: Log, before: readonly string[], after: readonly string[]): void {
  const added = after.filter(one => !before.includes(one))
  if (added.length > 0) log.info({ documents: added }, 'left for a later release')
}

function reportProblems(
  { log, chronicle }: Announcers,
  before: readonly PoolProblem[],
  after: readonly PoolProblem[]
): void {
  const known = new Set(before.map(problemText))
  const current = new Set(after.map(problemText))
  for (const problem of after) {
    if (known.has(problemText(problem))) continue
    const what =
      problem.name === undefined ? 'pools cannot be read as they are' : 'a pool document is refused'
    log.warn({ ...problem }, what)
    const { source, problem: why } = problem
    chronicle.note({ type: 'PoolRefused', source, problem: why })
  }
  for (const problem of before) {
    if (!current.has(problemText(problem))) log.info({ ...problem }, 'a problem with pools is over')
  }
}

function describe({ name, subnet, usable, gateway, routes, affinity, ...pool }: IpPool) {
  return {
    pool: name,
    subnet: formatCidr(subnet),
    ranges: [...usable.ranges()].map(formatRange),
    ...(gateway !== undefined && { gateway: formatAddress(gateway) }),
    ...(routes.length > 0 && { routes }),
    ...(affinity !== undefined && { for: affinity }),
    default: pool.isDefault,
    ...(pool.isDisabled && { disabled: true })
  }
}
