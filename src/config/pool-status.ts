// Spiderpool's pools as `kubectl get` prints them, with what their status tells of addresses that are in use.

import { type AllocatedAddress, parseAllocatedIps } from '../core/allocated-ips.ts'
import { type Cidr, parseCidr } from '../core/cidr.ts'
import { isObject, type Json } from '../core/fields.ts'
import { formatOf, readBoundedText } from './bounded-text.ts'
import { readDocuments } from './document-text.ts'

/** Some hundred pools with 5,000 addresses each, the most that Spiderpool notes of one. */
export const statusFileBytesMax = 64 * 1024 * 1024

export interface PoolStatus {
  readonly pool: string
  readonly subnet: Cidr
  readonly allocated: readonly AllocatedAddress[]
}

export interface PoolStatuses {
  readonly pools: readonly PoolStatus[]
  /** A sentence each; addresses may be in use that are not among those above. */
  readonly problems: readonly string[]
}

/** Rejects when the file cannot be read at all. */
export async function readPoolStatuses(file: string): Promise<PoolStatuses> {
  const text = await readBoundedText(file, statusFileBytesMax)
  const pools: PoolStatus[] = []
  const problems: string[] = []
  const onUnreadable = (source: string, problem: string) => problems.push(`${source}: ${problem}`)
  const onObject = (value: Json, source: string) => {
    if (value['kind'] !== 'SpiderIPPool') return
    const { metadata, spec, status } = value
    const pool = isObject(metadata) ? metadata['name'] : undefined
    const written = isObject(spec) ? spec['subnet'] : undefined
    const subnet = typeof written === 'string' ? parseCidr(written) : undefined
    if (typeof pool !== 'string' || subnet === undefined || 'problem' in subnet) {
      onUnreadable(source, 'must have metadata.name and spec.subnet')
      return
    }
    const read = parseAllocatedIps(isObject(status) ? status : {})
    for (const problem of read.problems) onUnreadable(`${source} (${pool})`, problem)
    pools.push({ pool, subnet, allocated: read.allocated })
  }
  readDocuments({ text, format: formatOf(file), label: file }, { onObject, onUnreadable })
  return { pools, problems }
}
