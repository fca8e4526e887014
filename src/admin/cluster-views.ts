// What the admin socket shows of the cluster: its members as this node sees them, and the registry's records.

import type { PeersDescribed } from '../actors/messages/membership.ts'
import type { RegistryDescribed } from '../actors/messages/secretary.ts'

export interface PeerView {
  readonly index: number
  readonly node: string
  readonly incarnation: string
  readonly peer: string
  readonly connected: boolean
  /** Its process is known, so that what it says counts. */
  readonly session: boolean
  readonly silentSeconds?: number
}

export interface PeersView {
  /** Absent before the cluster is known. */
  readonly cluster?: string
  readonly node: string
  /** Absent before this node has joined. */
  readonly index?: number
  readonly incarnation: string
  /** The node that keeps the registry; absent while it is not known here. */
  readonly registrar?: string
  readonly peers: readonly PeerView[]
}

export interface RegistryView {
  readonly head: number
  readonly hash: string
  /** Why the registry is not followed now. */
  readonly trouble?: string
  readonly records: readonly (Readonly<Record<string, unknown>> & { readonly index: number })[]
}

/** `registrar`: its peer id, where it is known. */
export function peersView(
  { view, incarnation, peers }: PeersDescribed,
  node: string,
  registrar?: string
): PeersView {
  const { cluster, byIncarnation, byPeer, members } = view
  const keeper = registrar === undefined ? undefined : byPeer.get(registrar)?.node
  const index = byIncarnation.get(incarnation)?.index
  return {
    ...(cluster !== undefined && { cluster }),
    node,
    ...(index !== undefined && { index }),
    incarnation,
    ...(keeper !== undefined && { registrar: keeper }),
    peers: peers.map(({ member, node, peer, connected, session, silentMs }) => ({
      index: member,
      node,
      incarnation: members.get(member)?.incarnation ?? '',
      peer,
      connected,
      session: session !== undefined,
      ...(silentMs !== undefined && { silentSeconds: Math.round(silentMs / 100) / 10 })
    }))
  }
}

/** With the fields of later releases: a record is what its bytes say, not what this release knows of it. */
export function registryView({ view, records, trouble }: RegistryDescribed): RegistryView {
  return {
    head: view.index,
    hash: view.hash,
    ...(trouble !== undefined && { trouble }),
    records: records.map((bytes, i) => ({
      index: i + 1,
      ...(JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>)
    }))
  }
}
