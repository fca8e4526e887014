// Registry that ends with its process: the truth that tests and simulations compare with.

import type { ClusterView } from '../core/registry/cluster-view.ts'
import type { Appended, LogSlice, Registry } from '../ports/registry.ts'
import { RecordLog } from './record-log.ts'

export class MemoryRegistry implements Registry {
  readonly #log = new RecordLog()

  get view(): ClusterView {
    return this.#log.view
  }

  async append(index: number, record: Uint8Array): Promise<Appended> {
    const judgment = this.#log.judge(index, record)
    if (judgment.type !== 'Acceptable') return judgment
    this.#log.add(judgment)
    return { type: 'Appended' }
  }

  async read(from: number): Promise<LogSlice> {
    return this.#log.slice(from)
  }
}
