// The disk of one node: it keeps what was committed when the process dies, and may refuse, be put back to an
// earlier day, or be another one. Beside the store it keeps what the judge wants to know at every step.

import type { Address } from '../../src/core/address.ts'
import { StoreFailedError } from '../../src/core/errors.ts'
import type { Register, Run } from '../../src/core/lease/register.ts'
import type { Change } from '../../src/ports/attachment-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Chance } from './chance.ts'

/** Thrown into the handler of a process that has died; it must not be caught. */
export class Died extends Error {}

export class SimDisk {
  readonly #interest: readonly Address[]
  readonly #backups: MemoryStore[] = []
  #store: MemoryStore
  #incarnation: string
  /** Durable registers of the addresses of all pools. */
  #registers = new Map<Address, Register>()
  #learned = 0
  isRefusing = false
  /** How often it was put back to an earlier day. */
  fallbacks = 0

  /** `interest`: the addresses of all pools, sorted. */
  constructor(interest: readonly Address[], chance: Chance, boot: string) {
    this.#interest = interest
    const incarnation = chance.hex(16)
    this.#store = new MemoryStore({ incarnation, key: chance.hex(32), opened: 0, boot })
    this.#incarnation = incarnation
  }

  get store(): MemoryStore {
    return this.#store
  }

  get incarnation(): string {
    return this.#incarnation
  }

  get registers(): ReadonlyMap<Address, Register> {
    return this.#registers
  }

  /** How many records of the registry it has. */
  get learned(): number {
    return this.#learned
  }

  commit(changes: readonly Change[]): void {
    if (this.isRefusing) throw new StoreFailedError('the disk is on strike')
    this.#store.commit(changes)
    for (const change of changes) this.#note(change)
  }

  backUp(): void {
    this.#backups.push(this.#store.snapshot())
    if (this.#backups.length > 4) this.#backups.shift()
  }

  get hasBackup(): boolean {
    return this.#backups.length > 0
  }

  /** Put a backup back, the oldest or the newest. */
  restore(which: 'oldest' | 'newest'): boolean {
    const backup = which === 'oldest' ? this.#backups[0] : this.#backups.at(-1)
    if (backup === undefined) return false
    this.#use(backup.snapshot())
    this.fallbacks += 1
    return true
  }

  /** Become a copy of another disk. */
  clone(other: SimDisk): void {
    this.#use(other.#store.snapshot())
    this.#backups.length = 0
  }

  #use(store: MemoryStore): void {
    this.#store = store
    const { identity, domains, learned } = store.load().leases
    this.#incarnation = identity.incarnation
    this.#registers = new Map()
    for (const { runs } of domains.values()) this.#noteRuns(runs)
    this.#learned = learned.length
  }

  #note(change: Change): void {
    if (change.type === 'PutRuns') this.#noteRuns(change.added)
    else if (change.type === 'LearnRecord') this.#learned = change.index
    else if (change.type === 'Reincarnate') {
      this.#incarnation = change.incarnation
      this.#registers.clear()
    }
  }

  #noteRuns(runs: readonly Run[]): void {
    for (const { start, end, register } of runs) {
      for (const address of this.within(start, end)) this.#registers.set(address, register)
    }
  }

  /** The addresses of pools from the first to before the end. */
  within(start: bigint, end: bigint): readonly Address[] {
    return this.#interest.slice(this.#indexOf(start), this.#indexOf(end))
  }

  /** Where the first address stands that is not below this one. */
  #indexOf(point: bigint): number {
    let [low, high] = [0, this.#interest.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#interest[middle] as Address) < point) low = middle + 1
      else high = middle
    }
    return low
  }
}
