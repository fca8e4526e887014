// Who can hear whom, as far as it can be known here: what this node hears itself, and what those that it hears say. The
// nodes that are joined by any of it are one side; of the others only that they are away is known.

import type { PeersView, PeerView } from '../answers.ts'

export type LinkState = 'self' | 'up' | 'greeting' | 'down'

export interface MeshNode {
  readonly name: string
  /** Between this node and that one. */
  readonly link: LinkState
  readonly silentSeconds: number | undefined
}

export interface MeshLink {
  readonly from: string
  readonly to: string
  /** `half`: one of them says that it hears the other one, which says that it does not. */
  readonly state: 'up' | 'greeting' | 'half'
}

export interface MeshGroups {
  /** This node first. */
  readonly here: readonly MeshNode[]
  readonly beyond: readonly MeshNode[]
  readonly links: readonly MeshLink[]
}

/** Of each node that has said so: whom it hears. */
export type Hearing = ReadonlyMap<string, ReadonlySet<string>>

export function groupsOf({ node: self, peers }: PeersView, hearing: Hearing): MeshGroups {
  const named = [...peers].sort((a, b) => a.node.localeCompare(b.node, 'en', { numeric: true }))
  const links = [...ownLinks(self, named), ...linksOfOthers(self, named, hearing)]
  const near = joined(self, links)
  const nodes = named.map((peer): MeshNode => {
    return { name: peer.node, link: linkOf(peer), silentSeconds: peer.silentSeconds }
  })
  return {
    here: [
      { name: self, link: 'self', silentSeconds: undefined },
      ...nodes.filter(({ name }) => near.has(name))
    ],
    beyond: nodes.filter(({ name }) => !near.has(name)),
    links
  }
}

export function linkOf({ connected, session }: PeerView): 'up' | 'greeting' | 'down' {
  if (!connected) return 'down'
  return session ? 'up' : 'greeting'
}

function ownLinks(self: string, peers: readonly PeerView[]): MeshLink[] {
  return peers.flatMap(peer => {
    const state = linkOf(peer)
    return state === 'down' ? [] : [{ from: self, to: peer.node, state }]
  })
}

/** Each pair once; what nobody speaks of is not drawn. */
function linksOfOthers(self: string, peers: readonly PeerView[], hearing: Hearing): MeshLink[] {
  const names = peers.map(({ node }) => node)
  return names.flatMap((from, i) =>
    names.slice(i + 1).flatMap((to): MeshLink[] => {
      const [there, back] = [hearing.get(from)?.has(to), hearing.get(to)?.has(from)]
      if (from === self || to === self || (there !== true && back !== true)) return []
      return [{ from, to, state: there === false || back === false ? 'half' : 'up' }]
    })
  )
}

/** Everybody that a way of links leads to. */
function joined(self: string, links: readonly MeshLink[]): ReadonlySet<string> {
  const found = new Set([self])
  for (const name of found) {
    for (const { from, to } of links) {
      if (from === name) found.add(to)
      if (to === name) found.add(from)
    }
  }
  return found
}

export interface Place {
  readonly x: number
  readonly y: number
}

/** This node in the middle of the others, on as many rings as they need; in a unit of its own. */
export function ringPlaces(count: number, gap: number): Place[] {
  const places: Place[] = [{ x: 0, y: 0 }]
  for (let ring = 1; places.length < count; ring += 1) {
    const radius = ring * gap
    const room = Math.max(1, Math.floor((2 * Math.PI * radius) / gap))
    const here = Math.min(room, count - places.length)
    for (let i = 0; i < here; i += 1) {
      const { first, spread } = fanOf(here)
      const angle = first + spread * i
      places.push({ x: radius * Math.cos(angle), y: radius * Math.sin(angle) })
    }
  }
  return places.slice(0, count)
}

/** Where the first of so many lies, and how far it is to the next; in radians, downwards from the right. */
function fanOf(count: number): { first: number; spread: number } {
  // One beside the middle, two below it: names stand below their nodes, and no link runs through them.
  if (count === 1) return { first: 0, spread: 0 }
  if (count === 2) return { first: Math.PI * 0.28, spread: Math.PI * 0.44 }
  const spread = (2 * Math.PI) / count
  return { first: count % 2 === 0 ? spread / 2 - Math.PI / 2 : -Math.PI / 2, spread }
}

/** Side by side in rows of so many. */
export function gridPlaces(count: number, gap: number, columns: number): Place[] {
  return Array.from({ length: count }, (_, i) => {
    return { x: (i % columns) * gap, y: Math.floor(i / columns) * gap }
  })
}
