// A node that ran without others has a cluster of its own, in which all addresses are its own. Told to join another
// one, it must not go on to hand out what the nodes there hand out as well.

import { viewOf } from './actors/learned-view.ts'
import type { AttachmentStore } from './ports/attachment-store.ts'

/** Why it serves nothing, when its registry is its own and it is told to ask others for theirs. */
export function ownCluster(store: AttachmentStore, stateDir: string): string | undefined {
  const { filed } = store.loadLeases()
  if (filed.length === 0) return undefined
  const { members, cluster } = viewOf(filed)
  // With others in it, it is the log of a registrar that has handed over to one of them.
  if (new Set([...members.values()].map(({ node }) => node)).size > 1) return undefined
  return (
    `this node ran without others and has a cluster of its own (${cluster}), whose addresses may be in use by other nodes ` +
    `of the one that it is told to join. Either move its pods away, remove ${stateDir} and start it again; or let the ` +
    'others join it (mesh.registrar); or take the mesh section away, and it is what it was'
  )
}
