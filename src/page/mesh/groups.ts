// Who can hear whom, as this node knows it: itself and those it has a session with on one side, all others on
// another. What those hear of each other is not known here, and so it is not drawn.

import type { PeersView, PeerView } from '../answers.ts'

export type LinkState = 'self' | 'up' | 'greeting' | 'down'

export interface MeshNode {
  readonly name: string
  readonly link: LinkState
  readonly silentSeconds: number | undefined
}

export interface MeshGroups {
  readonly here: readonly MeshNode[]
  readonly beyond: readonly MeshNode[]
}

export function groupsOf({ node, peers }: PeersView): MeshGroups {
  const nodes = peers.map((peer): MeshNode => {
    return { name: peer.node, link: linkOf(peer), silentSeconds: peer.silentSeconds }
  })
  const named = nodes.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  return {
    here: [
      { name: node, link: 'self', silentSeconds: undefined },
      ...named.filter(({ link }) => link !== 'down')
    ],
    beyond: named.filter(({ link }) => link === 'down')
  }
}

function linkOf({ connected, session }: PeerView): LinkState {
  if (!connected) return 'down'
  return session ? 'up' : 'greeting'
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
      // An even number has nobody right above and below, where names are.
      const turn = here % 2 === 0 ? Math.PI / here : 0
      const angle = (2 * Math.PI * i) / here - Math.PI / 2 + turn
      places.push({ x: radius * Math.cos(angle), y: radius * Math.sin(angle) })
    }
  }
  return places.slice(0, count)
}

/** Side by side in rows, as wide as a square would be. */
export function gridPlaces(count: number, gap: number, columnsMax: number): Place[] {
  const columns = Math.min(columnsMax, count)
  return Array.from({ length: count }, (_, i) => {
    return { x: (i % columns) * gap, y: Math.floor(i / columns) * gap }
  })
}
