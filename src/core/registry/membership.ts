// Records about members: who joins, who will never serve again, and which wire version all of them talk.

import type { ClusterView, Member, Refused, Step } from './cluster-view.ts'
import type { WireRange } from '../protocol.ts'
import type { Join, Joining, MinWire, Remove, Talk } from './record.ts'

type Members = Pick<ClusterView, 'members' | 'byIncarnation' | 'byPeer'>

/** Numbers are given in the order of the batch; one member that cannot join refuses all of it. */
export function join(view: ClusterView, record: Join, since: number): Step | Refused {
  const members = new Map(view.members)
  const byIncarnation = new Map(view.byIncarnation)
  const byPeer = new Map(view.byPeer)
  for (const joining of record.members) {
    const refused = whyNotJoin({ members, byIncarnation, byPeer }, view.minWire, joining)
    if (refused !== undefined) return { refused }
    const member: Member = { ...joining, index: members.size + 1, since }
    members.set(member.index, member)
    byIncarnation.set(member.incarnation, member)
    byPeer.set(member.peer, member)
  }
  return { members, byIncarnation, byPeer }
}

export function whyNotJoin(
  { byIncarnation, byPeer }: Members,
  minWire: number,
  { incarnation, node, peer, wire }: Joining
): string | undefined {
  const same = byIncarnation.get(incarnation)
  if (same !== undefined) {
    return same.removed === undefined
      ? `incarnation ${incarnation} of ${node} has joined already, as member ${same.index}`
      : `incarnation ${incarnation} of ${node} was removed and never joins again; the node needs a new one`
  }
  const namesake = byPeer.get(peer)
  if (namesake !== undefined) {
    return `peer ${peer} of ${node} belongs to incarnation ${namesake.incarnation} of ${namesake.node}; a new incarnation needs a key of its own`
  }
  return whyNotTalk(node, wire, minWire)
}

function whyNotTalk(node: string, { min, max }: WireRange, minWire: number): string | undefined {
  if (minWire >= min && minWire <= max) return undefined
  return `${node} talks wire versions ${min} to ${max} and the cluster talks ${minWire}; install a release that talks it`
}

export function changeRelease(view: ClusterView, { incarnation, wire }: Talk): Step | Refused {
  const member = livingMember(view, incarnation, 'member')
  if ('refused' in member) return member
  const refused = whyNotTalk(member.node, wire, view.minWire)
  if (refused !== undefined) return { refused }
  const changed: Member = { ...member, wire }
  return {
    members: new Map(view.members).set(changed.index, changed),
    byIncarnation: new Map(view.byIncarnation).set(incarnation, changed),
    byPeer: new Map(view.byPeer).set(changed.peer, changed)
  }
}

export function remove(view: ClusterView, record: Remove, fence: number): Step | Refused {
  const { incarnation, heir: heirName, assertion, evidence } = record
  const member = view.byIncarnation.get(incarnation)
  if (member === undefined) {
    return { refused: `incarnation ${incarnation} never joined; there is nothing to remove` }
  }
  if (member.removed !== undefined) {
    const { fence } = member.removed
    return { refused: `${member.node} (${incarnation}) was removed by record ${fence} already` }
  }
  const heir = livingMember(view, heirName, 'heir')
  if ('refused' in heir) return heir
  if (heir === member) {
    return { refused: `${member.node} cannot inherit from itself; name another member as heir` }
  }
  const removed: Member = {
    ...member,
    removed: { fence, heir: heir.index, assertion, evidence }
  }
  return {
    members: new Map(view.members).set(removed.index, removed),
    byIncarnation: new Map(view.byIncarnation).set(incarnation, removed),
    byPeer: new Map(view.byPeer).set(removed.peer, removed)
  }
}

/** `what` it is to be: heir, holder or owner. */
export function livingMember(
  view: ClusterView,
  incarnation: string,
  what: string
): Member | Refused {
  const member = view.byIncarnation.get(incarnation)
  if (member === undefined) {
    return { refused: `the ${what} ${incarnation} has not joined; name a member` }
  }
  if (member.removed === undefined) return member
  return {
    refused: `the ${what} ${member.node} (${incarnation}) was removed; name a member that is not`
  }
}

export function raiseMinWire(view: ClusterView, { version }: MinWire): Step | Refused {
  if (version <= view.minWire) {
    return { refused: `the lowest wire version is ${view.minWire} already; it only rises` }
  }
  for (const { node, wire, removed } of view.members.values()) {
    if (removed !== undefined || wire.max >= version) continue
    return {
      refused: `${node} talks wire version ${wire.max} at most, not ${version}; upgrade it or remove it first`
    }
  }
  return { minWire: version }
}
