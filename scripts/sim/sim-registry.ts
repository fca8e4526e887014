// The registry of a world: one log for all, and for each node a way to it that may be closed, slow, or lose
// the answer to what was done.

import { RegistryUnreachableError } from '../../src/core/errors.ts'
import type { ClusterView } from '../../src/core/registry/cluster-view.ts'
import { formatRecord } from '../../src/core/registry/record-text.ts'
import type { RegistryRecord } from '../../src/core/registry/record.ts'
import type { Appended, LogSlice, Registry } from '../../src/ports/registry.ts'
import { RecordLog } from '../../src/registry/record-log.ts'
import type { Agenda } from './agenda.ts'
import type { Chance } from './chance.ts'

const timeoutMs = 2_000

export class SimRegistry {
  readonly #agenda: Agenda
  readonly #chance: Chance
  #log = new RecordLog()
  /** All of them, for the judge. */
  readonly records: Uint8Array[] = []
  /** Nodes that cannot reach it, with how many reasons. */
  readonly #away = new Map<number, number>()
  /** How many answers get lost. */
  loss = 0
  delayMs = 4

  constructor(agenda: Agenda, chance: Chance) {
    this.#agenda = agenda
    this.#chance = chance
  }

  get view(): ClusterView {
    return this.#log.view
  }

  /** A person's record, at once. Says why not when it is refused. */
  write(record: RegistryRecord): string | undefined {
    const appended = this.#append(this.view.index + 1, formatRecord(record))
    return appended.type === 'Refused' ? appended.why : undefined
  }

  /** Its disk is a copy of the day on which it had so many records. */
  fallBack(count: number): void {
    const records = this.records.splice(0, this.records.length).slice(0, count)
    this.#log = new RecordLog()
    for (const [i, record] of records.entries()) this.#append(i + 1, record)
  }

  cut(node: number, count: 1 | -1): void {
    this.#away.set(node, (this.#away.get(node) ?? 0) + count)
  }

  heal(): void {
    this.#away.clear()
    this.loss = 0
  }

  /** The way to it from one node. */
  from(node: number): Registry {
    return {
      append: (index, record) => this.#call(node, () => this.#append(index, record)),
      read: from => this.#call(node, (): LogSlice => this.#log.slice(from))
    }
  }

  #append(index: number, record: Uint8Array): Appended {
    const judgment = this.#log.judge(index, record)
    if (judgment.type !== 'Acceptable') return judgment
    this.#log.add(judgment)
    this.records.push(judgment.record)
    return { type: 'Appended' }
  }

  /** What is asked happens at one moment between question and answer, or not at all. */
  #call<Answer>(node: number, act: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new RegistryUnreachableError('the registry does not answer'))
      this.#agenda.after(this.#leg(), () => {
        if ((this.#away.get(node) ?? 0) > 0) return this.#agenda.after(timeoutMs, fail)
        const answer = act()
        const isLost = this.#chance.hits(this.loss)
        return this.#agenda.after(isLost ? timeoutMs : this.#leg(), () =>
          isLost ? fail() : resolve(answer)
        )
      })
    })
  }

  #leg(): number {
    return this.delayMs * this.#chance.between(0.2, 3)
  }
}
