// The registrar's own way to the registry. One whose log is empty may have lost it: before it founds anything
// it asks around, and where a cluster lives already it is a node like any other.

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
  #survey: Promise<boolean> | undefined

  constructor(options: FoundingOptions) {
    this.#options = options
  }

  async append(index: number, record: Uint8Array): Promise<Appended> {
    return (await this.#place()).append(index, record)
  }

  async read(from: number): Promise<LogSlice> {
    return (await this.#place()).read(from)
  }

  async #place(): Promise<Registry> {
    const { registrar, remote } = this.#options
    if (registrar.view.index > 0) return registrar
    this.#survey ??= this.#ask()
    return (await this.#survey) ? remote : registrar
  }

  /** Is there a cluster already? */
  async #ask(): Promise<boolean> {
    const { remote, log, settled } = this.#options
    await settled()
    if (!(await remote.isFounded())) return false
    log.error(
      {},
      'this node should keep the registry and its log is empty, but others belong to a cluster already: it joins them. ' +
        'If the log was lost, set mesh.registrar on the member with the longest copy (orbweaverd registry) and on no other'
    )
    return true
  }
}
