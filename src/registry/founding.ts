// The registrar's own way to the registry. Its log may be lost, or a copy of the past, or another node may keep it by
// now: before it says anything it asks around, and where somebody knows more it is a node like any other.

import type { Log } from '../ports/log.ts'
import type { Appended, LogSlice, Registry } from '../ports/registry.ts'
import type { Registrar } from './registrar.ts'
import type { RemoteRegistry } from './remote-registry.ts'

export interface FoundingOptions {
  readonly registrar: Registrar
  readonly remote: RemoteRegistry
  readonly log: Log
  /** Resolves when whoever can be reached had the time to come. */
  readonly settled: () => Promise<void>
}

export class Founding implements Registry {
  readonly #options: FoundingOptions
  #survey: Promise<void> | undefined
  #isSaid = false

  constructor(options: FoundingOptions) {
    this.#options = options
    // Who asks an empty log hears nothing that could be wrong.
    options.registrar.isWaiting = options.registrar.view.index > 0
  }

  async append(index: number, record: Uint8Array): Promise<Appended> {
    return (await this.#place()).append(index, record)
  }

  async read(from: number): Promise<LogSlice> {
    return (await this.#place()).read(from)
  }

  async #place(): Promise<Registry> {
    const { registrar, remote } = this.#options
    this.#survey ??= this.#ask()
    await this.#survey
    if (!registrar.isOvertaken) return registrar
    if (!this.#isSaid) this.#say()
    this.#isSaid = true
    return remote
  }

  /** Is there a cluster already, and does its log go on elsewhere? */
  async #ask(): Promise<void> {
    const { registrar, remote, settled } = this.#options
    await settled()
    const { index, byPeer } = registrar.view
    for (const [peer, { head, keeps }] of await remote.survey(index + 1)) {
      // Another cluster's nodes know more of another log.
      const isOurs = index === 0 || byPeer.has(peer)
      if (isOurs && (head > index || (keeps && head === index && index > 0))) registrar.overtake()
    }
    registrar.isWaiting = false
  }

  #say(): void {
    const { registrar, log } = this.#options
    if (registrar.view.index === 0) {
      log.error(
        {},
        'this node should keep the registry and its log is empty, but others belong to a cluster already: it joins them. ' +
          'If the log was lost, set mesh.registrar on the member with the longest copy (orbweaverd registry) and on no other'
      )
    } else {
      log.error(
        { head: registrar.view.index },
        'REGISTRY_ROLLBACK: this node should keep the registry, but others know more of it than its log has, or keep it: ' +
          'it writes nothing and follows them. Set mesh.registrar on the member with the longest copy (orbweaverd registry) and on no other'
      )
    }
  }
}
