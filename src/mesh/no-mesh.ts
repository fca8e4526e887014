// The mesh of a node that is configured without one: nobody is there.

import type { Mesh } from '../ports/mesh.ts'

export function createNoMesh(peer: string): Mesh {
  return {
    peer,
    addresses: () => [],
    listen: () => {},
    send: () => {},
    ask: () => Promise.reject(new Error('this node has no mesh')),
    publish: () => {},
    learn: () => {},
    setCluster: () => {}
  }
}
