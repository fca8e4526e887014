// The registry of a world: one log for all, and for each node a way to it that may be closed, slow, or lose
// the answer to what was done.

import { RegistryUnreachableError } from '../../src/core/errors.ts'
import type { ClusterView } from '../../src/core/registry/cluster-view.ts'
import { formatRecord } from '../../src/core/registry/record-text.ts'
import type { RegistryRecord } from '../../src/core/registry/record.ts'
import type { Appended, LogSlice, Registry } from '../../src/ports/registry.ts'
import type { Rules } from '../../src/core/lease/rules.ts'
import { Admissions } from '../../src/registry/admissions.ts'
import { RecordLog } from '../../src/registry/record-log.ts'
import type { Agenda } from './agenda.ts'
import type { Chance } from './chance.ts'
import { SimClock } from './sim-clock.ts'

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
  /** From whom records are kept back on their way to it. */
  holds: (node: number) => boolean = () => false
  /** What is kept back: to be called when it arrives. */
  readonly held: (() => void)[] = []
  readonly #admissions: Admissions

  constructor(agenda: Agenda, chance: Chance, rules: Rules) {
    this.#agenda = agenda
    this.#chance = chance
    this.#admissions = new Admissions({
      ...{ clock: new SimClock(agenda, 1), node: 'registrar', rules },
      view: () => this.view,
      append: async (index, record) => this.#append(index, record)
    })
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
      append: (index, record) => this.#call(node, () => this.#asked(index, record), true),
      read: from => this.#call(node, async (): Promise<LogSlice> => this.#log.slice(from))
    }
  }

  /** As the registry service does for other nodes. */
  async #asked(index: number, record: Uint8Array): Promise<Appended> {
    const isTimely = index > 1 && index <= this.view.index + 1
    return (
      (isTimely ? this.#admissions.ask(index, record) : undefined) ?? this.#append(index, record)
    )
  }

  #append(index: number, record: Uint8Array): Appended {
    const judgment = this.#log.judge(index, record)
    if (judgment.type !== 'Acceptable') return judgment
    this.#log.add(judgment)
    this.records.push(judgment.record)
    return { type: 'Appended' }
  }

  /** What is asked happens between question and answer, or not at all. */
  #call<Answer>(node: number, act: () => Promise<Answer>, mayBeHeld = false): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new RegistryUnreachableError('the registry does not answer'))
      const arrive = () => {
        if ((this.#away.get(node) ?? 0) > 0) return this.#agenda.after(timeoutMs, fail)
        return void act().then(answer => {
          const isLost = this.#chance.hits(this.loss)
          this.#agenda.after(isLost ? timeoutMs : this.#leg(), () =>
            isLost ? fail() : resolve(answer)
          )
        })
      }
      if (mayBeHeld && this.holds(node)) {
        this.held.push(arrive)
        this.#agenda.after(timeoutMs, fail)
      } else this.#agenda.after(this.#leg(), arrive)
    })
  }

  #leg(): number {
    return this.delayMs * this.#chance.between(0.2, 3)
  }
}
