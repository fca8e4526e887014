// The mesh as a table: the same as in the picture, with the numbers.

import { status } from '../node-state.ts'
import { open } from '../space/open-space.ts'
import { countWords } from '../space/words.ts'
import type { MeshGroups, MeshNode } from './groups.ts'
import { sayings } from './hearsay.ts'
import { holdings } from './holdings.ts'

interface TableProps {
  readonly groups: MeshGroups
  readonly registrar: string | undefined
}

export function MeshTable({ groups: { here, beyond }, registrar }: TableProps) {
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
  node: { name, link },
  registrar
}: {
  readonly node: MeshNode
  readonly registrar: string | undefined
}) {
  const own = status.value
  const said = sayings.value.get(name)
  const isSelf = link === 'self'
  const isDraining = isSelf ? own?.draining === true : said?.draining === true
  const why = isSelf ? (own?.serving === false ? own.why : undefined) : said?.why
  return (
    <>
      {name === registrar ? <span class="role">registrar</span> : null}
      {isDraining ? <span class="role">drains</span> : null}
      {why === undefined ? null : (
        <span class="role alarm" title={why}>
          serves nothing
        </span>
      )}
    </>
  )
}

function silence(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`
}
