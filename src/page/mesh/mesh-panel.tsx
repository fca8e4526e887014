// The mesh: a picture for the eye, and below it the same as a table with the numbers.

import { peers } from '../node-state.ts'
import { groupsOf, type MeshGroups } from './groups.ts'
import { sayings } from './hearsay.ts'
import { MeshPicture } from './mesh-picture.tsx'
import { MeshTable } from './mesh-table.tsx'

export function MeshPanel() {
  const view = peers.value
  if (view === undefined) return null
  const hearing = new Map([...sayings.value].map(([node, { hears }]) => [node, hears]))
  const groups = groupsOf(view, hearing)
  return (
    <section class="panel mesh" aria-labelledby="mesh-title" id="mesh">
      <header>
        <h2 id="mesh-title">Mesh</h2>
        <span class="quiet">{summary(groups)}</span>
      </header>
      <MeshPicture groups={groups} />
      <MeshTable groups={groups} registrar={view.registrar} />
    </section>
  )
}

function summary({ here, beyond }: MeshGroups): string {
  const deaf = here.filter(({ link }) => link === 'down').length
  if (here.length + beyond.length === 1) return 'this node is alone'
  if (beyond.length > 0) return `${here.length} on this side, ${beyond.length} out of reach`
  if (deaf > 0) return `${deaf} of ${here.length} are heard by others only`
  return `all ${here.length} nodes are on one side`
}
