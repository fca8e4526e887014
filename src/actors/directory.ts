// Where members can be reached, as they say themselves and as others pass it on.

import type { Whereabouts } from '../core/protocol.ts'
import { type ClusterView, living } from '../core/registry/cluster-view.ts'
import type { Mesh } from '../ports/mesh.ts'

/** How many members a Welcome tells of. */
const toldMax = 128

export class Directory {
  readonly #mesh: Mesh
  readonly #incarnation: string
  /** By peer id. */
  readonly #known = new Map<string, Whereabouts>()

  constructor(mesh: Mesh, incarnation: string) {
    this.#mesh = mesh
    this.#incarnation = incarnation
  }

  learn(whereabouts: readonly Whereabouts[], view: ClusterView): void {
    const others = whereabouts.filter(({ incarnation }) => incarnation !== this.#incarnation)
    for (const one of others) {
      // Bounded by the members there are.
      if (view.byIncarnation.has(one.incarnation)) this.#known.set(one.peer, one)
    }
    this.#mesh.learn(others)
  }

  /** Whether others may know of members whose addresses are not known here. */
  lacks(view: ClusterView): boolean {
    return (
      this.#known.size < toldMax &&
      living(view).some(
        ({ incarnation, peer }) => incarnation !== this.#incarnation && !this.#known.has(peer)
      )
    )
  }

  /** This node first. */
  tell(): Whereabouts[] {
    const { peer } = this.#mesh
    const own = { incarnation: this.#incarnation, peer, addresses: [...this.#mesh.addresses()] }
    return [own, ...this.#known.values()].slice(0, toldMax)
  }
}
