// What this node's stored copy of the registry comes to.

import { StoreFailedError } from '../core/errors.ts'
import { advance, type ClusterView, emptyView } from '../core/registry/cluster-view.ts'

/** The view of what is stored; throws when it does not fold, which is a damaged database. */
export function viewOf(learned: readonly Uint8Array[]): ClusterView {
  let view = emptyView
  for (const bytes of learned) {
    const next = advance(view, bytes)
    if ('refused' in next)
      throw new StoreFailedError(`the registry's copy is damaged: ${next.refused}`)
    view = next
  }
  return view
}
