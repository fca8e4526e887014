// The mesh for the eye: each side with its nodes, as large as what they hold, and the links that somebody knows of.

import { countWords } from '../space/words.ts'
import { gridPlaces, type MeshGroups, type MeshNode, type Place, ringPlaces } from './groups.ts'
import { holdings } from './holdings.ts'

const gap = 92
const radiusMin = 9
const radiusMax = 24
const margin = 46
const labelHeight = 30
/** Dots without anything above them need less room there. */
const lift = 24
const rift = 18
/** As wide as the column, so that dots have one size however many there are. */
const widthMin = 344
/** Of more nodes all links together would be a blot; then this node's own are drawn. */
const webMax = 16
const nowhere: Place = { x: 0, y: 0 }

/** One side above the other, so that a rift runs through the whole picture. */
export function MeshPicture({ groups: { here, beyond, links } }: { readonly groups: MeshGroups }) {
  const ring = ringPlaces(here.length, gap)
  const top = Math.min(...ring.map(({ y }) => y))
  const reach = Math.max(...ring.map(({ x }) => Math.abs(x)))
  const width = Math.max(widthMin, 2 * (reach + margin))
  const hereHeight = Math.max(...ring.map(({ y }) => y)) - top + 2 * margin + labelHeight - lift
  const grid = gridPlaces(beyond.length, gap, Math.floor((width - 2 * margin) / gap) + 1)
  const gridWidth = Math.max(0, ...grid.map(({ x }) => x))
  const beyondTop = hereHeight + rift
  const beyondHeight = Math.max(0, ...grid.map(({ y }) => y)) + 2 * margin + labelHeight - lift
  const height = beyond.length === 0 ? hereHeight : beyondTop + beyondHeight
  const at = ({ x, y }: Place) => ({ x: width / 2 + x, y: y - top + margin - lift / 2 })
  const places = new Map(here.map(({ name }, i) => [name, at(ring[i] ?? nowhere)]))
  const self = here[0]?.name
  const drawn = here.length > webMax ? links.filter(({ from }) => from === self) : links
  return (
    <svg
      class="mesh-picture"
      viewBox={`0 0 ${width} ${height}`}
      style={{ maxWidth: `${width}px` }}
      aria-hidden="true"
    >
      {beyond.length === 0 ? null : (
        <>
          <rect class="side" x={1} y={1} width={width - 2} height={hereHeight - 2} rx={6} />
          <line
            class="rift"
            x1={0}
            x2={width}
            y1={hereHeight + rift / 2}
            y2={hereHeight + rift / 2}
          />
          <rect
            class="side beyond"
            x={1}
            y={beyondTop + 1}
            width={width - 2}
            height={beyondHeight - 2}
            rx={6}
          />
        </>
      )}
      {drawn.map(({ from, to, state }) => {
        const [one, other] = [places.get(from), places.get(to)]
        if (one === undefined || other === undefined) return null
        const ends = { x1: one.x, y1: one.y, x2: other.x, y2: other.y }
        return <line key={`${from} ${to}`} class={`link ${state}`} {...ends} />
      })}
      {here.map((node, i) => (
        <Dot key={node.name} node={node} {...at(ring[i] ?? nowhere)} />
      ))}
      {beyond.map((node, i) => {
        const { x, y } = grid[i] ?? nowhere
        const left = (width - gridWidth) / 2
        return (
          <Dot key={node.name} node={node} x={left + x} y={beyondTop + margin - lift / 2 + y} />
        )
      })}
    </svg>
  )
}

/** As large as what it holds. */
function Dot({ node, x, y }: { readonly node: MeshNode; readonly x: number; readonly y: number }) {
  const held = holdings.value.get(node.name) ?? 0n
  const most = Math.max(1, ...[...holdings.value.values()].map(Number))
  const radius = radiusMin + (radiusMax - radiusMin) * Math.sqrt(Number(held) / most)
  return (
    <g class={`dot ${node.link}`}>
      <circle cx={x} cy={y} r={radius} />
      {node.link === 'self' ? <circle class="inner" cx={x} cy={y} r={radius - 4} /> : null}
      {node.link === 'down' ? (
        <path class="cross" d={`M${x - 5} ${y - 5} l10 10 M${x + 5} ${y - 5} l-10 10`} />
      ) : null}
      <text x={x} y={y + radius + 14}>
        {node.name}
      </text>
      <text class="held" x={x} y={y + radius + 27}>
        {countWords(held)}
      </text>
    </g>
  )
}
