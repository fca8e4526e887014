// What the admin socket shows of custody: which blocks of a subnet belong to whom, as this node knows it.

import type { CustodyDescribed } from '../actors/messages/subnet.ts'
import { type Address, familyOf, formatAddress } from '../core/address.ts'
import { parseCidr } from '../core/cidr.ts'
import type { Contest } from '../core/lease/contest.ts'
import { bindOf } from '../core/lease/bind.ts'
import {
  keyOf,
  type MemberIndex,
  type Register,
  retired,
  type Run
} from '../core/lease/register.ts'
import { type ClusterView, resolve } from '../core/registry/cluster-view.ts'
import { applicationOf, autoPoolName } from '../core/selection/application.ts'
import { count } from './views.ts'

export interface BlockView {
  readonly first: string
  readonly last: string
  readonly count: number | string
  /** `5.2`: fence and sequence. */
  readonly key: string
  /** The name of a node, or `retired`. */
  readonly owner: string
  /** Of an owner that was removed: who takes its addresses over. */
  readonly heir?: string
  readonly mine: boolean
  /** For whom it is kept: `StatefulSet/default/web-0/eth0`, `auto4-web-eth0-1a2b3 (Deployment default/web)`. */
  readonly keptFor?: string
}

export interface DomainView {
  readonly domain: string
  readonly serving: boolean
  readonly why?: string
  readonly blocks: readonly BlockView[]
  readonly contested: readonly { readonly address: string; readonly claims: readonly string[] }[]
  /** Grants that nobody has acknowledged yet. */
  readonly openGrants: number
  /** Nodes whose answer is missing before this one may serve again, or take over from another. */
  readonly waitsFor: readonly string[]
}

export function blocksView(custodies: readonly CustodyDescribed[], view: ClusterView) {
  const domains = custodies.map(custody => domainView(custody, view))
  return { domains: domains.sort((a, b) => order(a.domain) - order(b.domain)) }
}

/** On the number line of addresses, which a number holds well enough to sort by. */
function order(domain: string): number {
  const cidr = parseCidr(domain)
  return 'problem' in cidr ? 0 : Number(cidr.range.start)
}

function domainView(custody: CustodyDescribed, view: ClusterView): DomainView {
  const { domain, me, notServing, runs, contests, grants, waitsFor } = custody
  return {
    domain,
    serving: notServing === undefined,
    ...(notServing !== undefined && { why: notServing }),
    blocks: runs.map(run => blockView(run, me, view)),
    contested: contests.map(contest => contestView(contest, view)),
    openGrants: grants.length,
    waitsFor: waitsFor.map(index => nodeOf(index, view))
  }
}

function blockView(
  { start, end, register }: Run,
  me: MemberIndex | undefined,
  view: ClusterView
): BlockView {
  const { owner } = register
  const keptFor = keptText(bindOf(register.tail)?.holder, start)
  const heir = view.members.get(owner)?.removed && resolve(view, owner)
  return {
    first: formatAddress(start),
    last: formatAddress((end - 1n) as Address),
    count: count(end - start),
    key: keyOf(register),
    owner: nodeOf(owner, view),
    ...(heir !== undefined && { heir: heir.node }),
    mine: owner === me,
    ...(keptFor !== undefined && { keptFor })
  }
}

/** Of an application as Spiderpool would name its pool. */
function keptText(holder: string | undefined, address: Address): string | undefined {
  const application = holder === undefined ? undefined : applicationOf(holder)
  if (application === undefined) return holder
  const { kind, namespace, name } = application
  return `${autoPoolName(application, familyOf(address))} (${kind} ${namespace}/${name})`
}

function contestView({ address, claims }: Contest, view: ClusterView) {
  return {
    address: formatAddress(address),
    claims: claims.map(claim => registerText(claim, view))
  }
}

/** `3.1 node n2, written by node n1 as its write 7`. */
export function registerText(register: Register, view: ClusterView): string {
  const { owner, writer, wctr } = register
  const author =
    writer === retired ? 'the registry' : `node ${nodeOf(writer, view)} as its write ${wctr}`
  const holder = owner === retired ? 'retired' : `node ${nodeOf(owner, view)}`
  return `${keyOf(register)} ${holder}, written by ${author}`
}

export function nodeOf(index: MemberIndex, view: ClusterView): string {
  if (index === retired) return 'retired'
  return view.members.get(index)?.node ?? `member ${index}`
}
