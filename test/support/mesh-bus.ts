// Meshes of several houses in this process: what one sends goes through the real codec and arrives in the
// order of sending, unless one of the two is cut off.

import type { Envelope, Whereabouts } from '../../src/core/protocol.ts'
import { decodeEnvelope, encodeEnvelope } from '../../src/mesh/codec.ts'
import type { Mesh, MeshListener } from '../../src/ports/mesh.ts'

export class MeshBus {
  readonly #listeners = new Map<string, MeshListener>()
  readonly #cut = new Set<string>()

  meshOf(peer: string): Mesh {
    return {
      peer,
      addresses: () => [`/memory/${peer}`],
      listen: listener => this.#enter(peer, listener),
      send: (to, envelope) => this.#carry(peer, to, envelope, 'onMessage'),
      ask: (to, question, subject) => {
        const listener = this.#reaches(peer, to) ? this.#listeners.get(to) : undefined
        return (
          listener?.onAsked(peer, question, subject) ?? Promise.reject(new Error(`${to} is away`))
        )
      },
      setCluster: () => {},
      publish: envelope => {
        for (const to of this.#listeners.keys()) {
          if (to !== peer) this.#carry(peer, to, envelope, 'onRumour')
        }
      },
      learn: (_whereabouts: readonly Whereabouts[]) => {}
    }
  }

  /** Its machine is off, or its cable: whoever it was connected to notices. */
  cut(peer: string): void {
    this.#tell(peer, false)
    this.#cut.add(peer)
  }

  mend(peer: string): void {
    this.#cut.delete(peer)
    this.#tell(peer, true)
  }

  #enter(peer: string, listener: MeshListener): void {
    this.#listeners.set(peer, listener)
    this.#tell(peer, true)
  }

  #tell(peer: string, reachable: boolean): void {
    for (const [other, listener] of this.#listeners) {
      if (other === peer || !this.#reaches(peer, other)) continue
      listener.onReachable(peer, reachable)
      this.#listeners.get(peer)?.onReachable(other, reachable)
    }
  }

  #carry(from: string, to: string, envelope: Envelope, how: 'onMessage' | 'onRumour'): void {
    const bytes = encodeEnvelope(envelope)
    setImmediate(() => {
      if (!this.#reaches(from, to)) return
      const arrived = decodeEnvelope(bytes)
      if ('problem' in arrived) throw new Error(`the codec loses a message: ${arrived.problem}`)
      this.#listeners.get(to)?.[how](from, arrived)
    })
  }

  #reaches(from: string, to: string): boolean {
    return !this.#cut.has(from) && !this.#cut.has(to)
  }
}
