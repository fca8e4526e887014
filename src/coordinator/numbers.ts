// The names and numbers that people see in `ip rule`, `ip route` and `nft list ruleset`; Spiderpool's users know
// most of them.

import { createHash } from 'node:crypto'
import { type Mac, macFromBytes } from '../core/link/mac.ts'

/** The pod's end of the cable to its node, in underlay mode. */
export const podVethName = 'veth0'

/** In the pod: where replies to what came in by the cable find their way back. */
export const replyTable = 100

/** Of the host's rule, and of the pod's rule for marked packets. */
export const sharedPriority = 1000

/** "It came in by the cable." */
export const replyMark = 0x1

/** Interfaces without a number in their name come here: above all that have one. */
const otherTables = 301

/** net100 and beyond would reach into the kernel's own tables. */
const numbered = /^net([1-9]\d?)$/

export interface Naming {
  readonly mode: 'underlay' | 'overlay'
  /** `podDefaultCniNic` */
  readonly defaultNic: string
  /** Tables that interfaces of this pod have already, by their names. */
  readonly taken: ReadonlyMap<string, number>
}

/** The table of an interface in its pod. It depends on nothing that comes and goes. */
export function tableOf(ifname: string, { mode, defaultNic, taken }: Naming): number {
  const base = mode === 'underlay' ? 101 : 100
  if (ifname === defaultNic) return base
  const number = numbered.exec(ifname)?.[1]
  if (number !== undefined) return base + Number(number)
  const known = taken.get(ifname)
  if (known !== undefined) return known
  const used = new Set(taken.values())
  let table = otherTables
  while (used.has(table)) table += 1
  return table
}

/** Source rules come after the rule for marked packets, one priority for each table. */
export function sourcePriority(table: number): number {
  return sharedPriority + table
}

/** IFNAMSIZ leaves room for eleven characters of the container's id. */
export function hostVethName(containerId: string): string {
  return `veth${containerId.slice(0, 11)}`
}

export interface CableMacs {
  readonly host: Mac
  readonly pod: Mac
}

/** Of both ends of a pod's cable: always the same ones, so whoever repeats a step finds what was there. */
export function cableMacs(containerId: string): CableMacs {
  return { host: cableMac(containerId, 'host'), pod: cableMac(containerId, 'pod') }
}

function cableMac(containerId: string, end: 'host' | 'pod'): Mac {
  const bytes = createHash('sha256').update(`${end} ${containerId}`).digest().subarray(0, 6)
  // Locally administered and of nobody's group (IEEE 802, the two lowest bits of the first byte).
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02
  return macFromBytes(bytes)
}
