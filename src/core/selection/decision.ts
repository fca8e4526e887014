// Which pools an ADD may use and why: made by `decide`, acted on by the allocator, shown to people.

import type { Address, Family } from '../address.ts'
import type { Route } from '../attachment.ts'
import type { IpPool } from '../ip-pool.ts'
import type { Refusal } from '../refusal.ts'
import type { Misfit } from './affinity.ts'

/** Where a choice of pools may come from, the first that is there counts alone. */
export const levels = [
  'Subnets',
  'PodInterfaces',
  'Pod',
  'Namespace',
  'Network',
  'Default'
] as const

export type Level = (typeof levels)[number]

export const levelTexts: Readonly<Record<Level, string>> = {
  Subnets: 'annotations ipam.spidernet.io/subnets and subnet of the pod',
  PodInterfaces: 'annotation ipam.spidernet.io/ippools of the pod',
  Pod: 'annotation ipam.spidernet.io/ippool of the pod',
  Namespace: 'annotations default-ipv4-ippool and default-ipv6-ippool of the namespace',
  Network: 'the network configuration',
  Default: 'the pools marked default'
}

export interface Verdict {
  readonly pool: IpPool
  /** Absent when the pool may serve. */
  readonly misfit?: Misfit
}

export interface FamilyDecision {
  readonly family: Family
  /** Every candidate, those that may serve in the order to try. */
  readonly verdicts: readonly Verdict[]
  /** Addresses asked for by name; then these and no others. */
  readonly requested: readonly Address[]
  /** What the pod had before, in one of the pools that may serve: it gets that again, and no other. */
  readonly kept?: Address
  /** One of those that are reserved for the pod's application, or another one as long as it has fewer than its size. */
  readonly reserved?: Reserved
}

export interface Reserved {
  /** As Spiderpool names the pool of an application. */
  readonly name: string
  /** How many addresses it may have. */
  readonly size: number
  /** Those it has, used or not; this node's first. */
  readonly addresses: readonly Address[]
}

/** What one interface of the pod may have. */
export interface InterfaceDecision {
  /** `#2` for one that gets its name with its ADD: the third of a list without names. */
  readonly ifname: string
  readonly cleanGateway: boolean
  /** For whom its addresses are to be kept when the pod is gone. */
  readonly keeper?: string
  /** A running machine is to move to the pod: who has its address now does not end before this pod is there. */
  readonly isTarget?: true
  readonly families: readonly FamilyDecision[]
}

/** Nothing has to be got. */
export const nothingToDecide: Decision = { interfaces: [], routes: [], isMoreExpected: false }

export interface Decision {
  readonly level?: Level
  /** That of the ADD first, then those that are decided along with it. */
  readonly interfaces: readonly InterfaceDecision[]
  /** What the pod asks for by annotation, for whichever interface reaches the next hop. */
  readonly routes: readonly Required<Route>[]
  /** The pod will have interfaces beside these and those it has. */
  readonly isMoreExpected: boolean
  /** Nothing can be given, whatever is free. */
  readonly refusal?: Refusal
}
