// The mesh as this node sees it: a picture for the eye, and below it the same as a table with the numbers.

import { peers, status } from '../node-state.ts'
import { open } from '../space/open-space.ts'
import { countWords } from '../space/words.ts'
import {
  gridPlaces,
  groupsOf,
  type MeshGroups,
  type MeshNode,
  type Place,
  ringPlaces
} from './groups.ts'
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
const nowhere: Place = { x: 0, y: 0 }

export function MeshPanel() {
  const view = peers.value
  if (view === undefined) return null
  const groups = groupsOf(view)
  return (
    <section class="panel mesh" aria-labelledby="mesh-title" id="mesh">
      <header>
        <h2 id="mesh-title">Mesh</h2>
        <span class="quiet">{summary(groups)}</span>
      </header>
      <Picture groups={groups} />
      <Table groups={groups} registrar={view.registrar} />
    </section>
  )
}

function summary({ here, beyond }: MeshGroups): string {
  if (here.length + beyond.length === 1) return 'this node is alone'
  if (beyond.length === 0) return `all ${here.length} nodes hear each other from here`
  return `${here.length} on this side, ${beyond.length} out of reach`
}

/** One side above the other, so that a rift runs through the whole picture. */
function Picture({ groups: { here, beyond } }: { readonly groups: MeshGroups }) {
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
  const self = at({ x: 0, y: 0 })
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
      {here.slice(1).map(({ name, link }, i) => {
        const { x, y } = at(ring[i + 1] ?? nowhere)
        return <line key={name} class={`link ${link}`} x1={self.x} y1={self.y} x2={x} y2={y} />
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

interface TableProps {
  readonly groups: MeshGroups
  readonly registrar: string | undefined
}

function Table({ groups: { here, beyond }, registrar }: TableProps) {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">Link</th>
          <th scope="col" class="number">
            Heard
          </th>
          <th scope="col" class="number" title={`Addresses of ${open.value?.subnet ?? ''}`}>
            Holds
          </th>
        </tr>
      </thead>
      <tbody>
        {[...here, ...beyond].map(node => (
          <tr key={node.name} class={node.link === 'down' ? 'alarm' : undefined}>
            <th scope="row">
              {node.name}
              <Roles node={node} registrar={registrar} />
            </th>
            <td>{linkWords[node.link]}</td>
            <td class="number">
              {node.silentSeconds === undefined ? '–' : `${silence(node.silentSeconds)} ago`}
            </td>
            <td class="number">{countWords(holdings.value.get(node.name) ?? 0n)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const linkWords = {
  self: 'this node',
  up: 'up',
  greeting: 'greeting',
  down: 'out of reach'
} as const

function Roles({
  node,
  registrar
}: {
  readonly node: MeshNode
  readonly registrar: string | undefined
}) {
  const isDraining = node.link === 'self' && status.value?.draining === true
  return (
    <>
      {node.name === registrar ? <span class="role">registrar</span> : null}
      {isDraining ? <span class="role">drains</span> : null}
    </>
  )
}

function silence(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`
}
