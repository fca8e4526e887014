// The part of the composition root for a node without a mesh section: a store that nobody else could make up
// for, and a registry of its own. What several nodes need is not loaded: a start is a time without answers.

import type { ClusterParts } from './cluster.ts'
import { StoreCorruptError } from './core/errors.ts'
import { createNoMesh } from './mesh/no-mesh.ts'
import { peerIdOf } from './mesh/peer-id.ts'
import type { AttachmentStore } from './ports/attachment-store.ts'
import type { Log } from './ports/log.ts'
import { Registrar } from './registry/registrar.ts'
import { openStore } from './store/open-store.ts'

/** The store, or why this node serves nothing: the runtime must hear it, so that is no reason to die. */
export function openStoreAlone(
  stateDir: string,
  boot: string,
  log: Log
): AttachmentStore | { readonly why: string } {
  try {
    return openStore(stateDir, { boot })
  } catch (error) {
    if (!(error instanceof StoreCorruptError)) throw error
    log.error({ error }, 'this node serves no addresses')
    return { why: error.message }
  }
}

export function standAlone(store: AttachmentStore): ClusterParts {
  const peer = peerIdOf(store.loadLeases().identity.key)
  return {
    mesh: createNoMesh(peer),
    registry: new Registrar(store),
    onAsked: () => Promise.reject(new Error('this node has no mesh')),
    founds: true,
    confirm: 'reachable',
    looks: undefined,
    registrar: () => peer,
    join: () => {}
  }
}
