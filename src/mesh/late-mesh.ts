// The mesh of a daemon that answers before libp2p is loaded, and goes on when an address cannot be listened on
// yet. What is sent meanwhile is lost, as it may be at any time; questions wait.

import type { Envelope, Whereabouts } from '../core/protocol.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Mesh, MeshListener, Subject } from '../ports/mesh.ts'
import { messageOf } from '../core/error-text.ts'

/** A mesh that can be taken down. */
export interface RunningMesh extends Mesh {
  stop(): Promise<void>
}

const retryMs = 5_000

export interface LateMeshOptions {
  /** This node's libp2p peer id. */
  readonly peer: string
  readonly clock: Clock
  readonly log: Log
  readonly create: () => Promise<RunningMesh>
}

export class LateMesh implements RunningMesh {
  readonly peer: string
  readonly #options: LateMeshOptions
  readonly #ready: Promise<RunningMesh>
  /** Where each peer was said to be last. */
  readonly #whereabouts = new Map<string, Whereabouts>()
  readonly #connected = new Set<string>()
  #resolve: (mesh: RunningMesh) => void = () => {}
  #mesh: RunningMesh | undefined
  #listener: MeshListener | undefined
  #cluster: string | undefined
  #isStopped = false

  constructor(options: LateMeshOptions) {
    this.peer = options.peer
    this.#options = options
    this.#ready = new Promise(resolve => (this.#resolve = resolve))
  }

  /** Load and open it, again and again until it works. */
  async start(): Promise<void> {
    const { create, log, clock } = this.#options
    while (!this.#isStopped) {
      try {
        const mesh = await create()
        if (this.#isStopped) return await mesh.stop()
        return this.#begin(mesh)
      } catch (error) {
        log.error({ problem: messageOf(error) }, 'the mesh cannot be opened; it is tried again')
      }
      await new Promise<void>(resolve => clock.after(retryMs, resolve))
    }
  }

  #begin(mesh: RunningMesh): void {
    this.#mesh = mesh
    if (this.#cluster !== undefined) mesh.setCluster(this.#cluster)
    mesh.learn([...this.#whereabouts.values()])
    if (this.#listener !== undefined) mesh.listen(this.#listener)
    this.#resolve(mesh)
    this.#options.log.info({ peer: mesh.peer, addresses: mesh.addresses() }, 'the mesh is open')
  }

  /** Resolves when it is open. */
  async opened(): Promise<void> {
    await this.#ready
  }

  addresses(): readonly string[] {
    return this.#mesh?.addresses() ?? []
  }

  listen(listener: MeshListener): void {
    this.#listener = {
      ...listener,
      onReachable: (peer, reachable) => {
        if (reachable) this.#connected.add(peer)
        else this.#connected.delete(peer)
        listener.onReachable(peer, reachable)
      }
    }
    this.#mesh?.listen(this.#listener)
  }

  /** Peer ids of those that can be asked at once. */
  connected(): string[] {
    return [...this.#connected]
  }

  addressesOf(peer: string): readonly string[] {
    return this.#whereabouts.get(peer)?.addresses ?? []
  }

  send(peer: string, envelope: Envelope): void {
    this.#mesh?.send(peer, envelope)
  }

  async ask(peer: string, question: Uint8Array, subject: Subject): Promise<Uint8Array> {
    return (await this.#ready).ask(peer, question, subject)
  }

  setCluster(cluster: string): void {
    this.#cluster = cluster
    this.#mesh?.setCluster(cluster)
  }

  publish(envelope: Envelope): void {
    this.#mesh?.publish(envelope)
  }

  learn(whereabouts: readonly Whereabouts[]): void {
    for (const one of whereabouts) this.#whereabouts.set(one.peer, one)
    this.#mesh?.learn(whereabouts)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#mesh?.stop()
  }
}
