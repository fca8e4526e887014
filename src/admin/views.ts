// What the admin socket shows of pools and attachments: plain JSON, addresses as text, counts as numbers
// where a number holds them and as text where not (a /64).

import { formatAddress } from '../core/address.ts'
import { formatRange } from '../core/address-range.ts'
import type { Attachment, Pod } from '../core/attachment.ts'
import { formatCidr } from '../core/cidr.ts'
import { isDraining } from '../core/draining-pool.ts'
import type { PoolProblem } from '../core/pool-document.ts'
import type { PoolSet } from '../core/pool-set.ts'
import type { PoolUsage } from '../core/refusal.ts'

export function describeAttachments(attachments: readonly Attachment[]) {
  return attachments.map(({ key, pod, sandbox, assignments }) => ({
    ...key,
    pod,
    netns: sandbox.path,
    addresses: assignments.map(({ address, prefix, pool, gateway }) => ({
      address: formatAddress(address),
      prefix,
      pool,
      ...(gateway !== undefined && { gateway: formatAddress(gateway) })
    }))
  }))
}

export interface PoolView {
  readonly name: string
  readonly subnet: string
  readonly gateway?: string
  readonly default: boolean
  readonly disabled: boolean
  /** Its document is gone, and addresses of it are still in use. */
  readonly draining?: true
  /** What it is restricted by. */
  readonly affinity?: readonly string[]
  readonly ranges: readonly string[]
  readonly total: number | string
  readonly used: number | string
  readonly cooling: number | string
  readonly free: number | string
}

export interface PoolsView {
  readonly pools: readonly PoolView[]
  readonly problems: readonly PoolProblem[]
  readonly reserved: readonly string[]
}

export function describePools(set: PoolSet, usages: readonly PoolUsage[]): PoolsView {
  const byPool = new Map(usages.map(usage => [usage.pool, usage]))
  const pools = [...set.pools.values()].map(pool => {
    const { total, used, cooling, free } = byPool.get(pool.name) ?? {
      total: pool.usable.size,
      used: 0n,
      cooling: 0n,
      free: pool.usable.size
    }
    return {
      name: pool.name,
      subnet: formatCidr(pool.subnet),
      ...(pool.gateway !== undefined && { gateway: formatAddress(pool.gateway) }),
      default: pool.isDefault,
      disabled: pool.isDisabled,
      ...(isDraining(pool.name, set) && ({ draining: true } as const)),
      ...(pool.affinity !== undefined && { affinity: Object.keys(pool.affinity) }),
      ranges: [...pool.usable.ranges()].map(formatRange),
      total: count(total),
      used: count(used),
      cooling: count(cooling),
      free: count(free)
    }
  })
  return { pools, problems: set.problems, reserved: [...set.reserved.ranges()].map(formatRange) }
}

/** `namespace/name`; undefined when the runtime has told neither. */
export function podText({ namespace, name }: Pod): string | undefined {
  if (name === undefined) return undefined
  return namespace === undefined ? name : `${namespace}/${name}`
}

/** As a number where one holds it exactly. */
export function count(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()
}
