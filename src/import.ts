// `orbweaverd import`: addresses that pods have from Spiderpool, as documents that keep Orbweaver from handing them out
// until those pods are gone. What it cannot read it does not pass over: it prints nothing then.

import { readPoolStatuses, type PoolStatus } from './config/pool-status.ts'
import { type InUse, reservationText } from './config/reservation-text.ts'
import { type Address, formatAddress } from './core/address.ts'
import { rangeContains } from './core/address-range.ts'
import { messageOf } from './core/error-text.ts'
import { createNamespaceFiles } from './host/namespace-files.ts'
import { surveyNamespaces } from './host/namespace-survey.ts'

export interface ImportOptions {
  /** What `kubectl get spiderippools -o json` printed; together they name every pool. */
  readonly files: readonly string[]
  /** Look into the network namespaces of this machine as well. */
  readonly live: boolean
  readonly bootIdFile: string
  readonly namespaceDirs?: readonly string[] | undefined
}

export interface Imported {
  /** SpiderReservedIP documents; empty when nothing is in use, and when there are problems. */
  readonly text: string
  /** A line for each pool. */
  readonly summary: readonly string[]
  /** A sentence each; where there are any, addresses may be in use that were not found. */
  readonly problems: readonly string[]
}

/** Never rejects. */
export async function importInUse(options: ImportOptions): Promise<Imported> {
  const problems: string[] = []
  const pools: PoolStatus[] = []
  for (const file of options.files) {
    try {
      const read = await readPoolStatuses(file)
      pools.push(...read.pools)
      problems.push(...read.problems)
    } catch (error) {
      problems.push(`${file}: ${messageOf(error)}`)
    }
  }
  if (pools.length === 0) problems.push('no SpiderIPPool was found')
  const living = options.live ? await addressesOfPods(options, problems) : []
  const found = pools.map(pool => inUse(pool, living))
  return {
    text: problems.length > 0 ? '' : reservationText(found),
    summary: found.map(({ told, seen, pool, addresses }) =>
      options.live
        ? `${pool}: ${addresses.length} in use: ${told} by its status, ${seen} more in namespaces here`
        : `${pool}: ${addresses.length} in use by its status`
    ),
    problems
  }
}

async function addressesOfPods(
  { bootIdFile, namespaceDirs }: ImportOptions,
  problems: string[]
): Promise<Address[]> {
  const { namespaces, unseen } = await surveyNamespaces(
    createNamespaceFiles(bootIdFile),
    namespaceDirs
  )
  problems.push(...unseen)
  return namespaces.flatMap(({ addresses }) => addresses)
}

function inUse(
  { pool, subnet, allocated }: PoolStatus,
  living: readonly Address[]
): InUse & { readonly told: number; readonly seen: number } {
  const told = new Set(allocated.map(({ address }) => formatAddress(address)))
  const seen = living
    .filter(address => rangeContains(subnet.range, address))
    .filter(address => !told.has(formatAddress(address)))
  const addresses = [...allocated.map(({ address }) => address), ...new Set(seen)]
  return {
    ...{ pool, family: subnet.family, addresses },
    ...{ told: told.size, seen: new Set(seen).size }
  }
}
