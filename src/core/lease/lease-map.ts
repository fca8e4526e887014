// The custody of one domain: which register each address has. Kept as maximal runs, so a /64 nobody has cut
// yet is one entry; an address without a register is under nobody's custody.

import type { Address } from '../address.ts'
import type { AddressRange } from '../address-range.ts'
import { AddressSet } from '../address-set.ts'
import { assert } from '../assert.ts'
import type { MemberIndex, Register, Run } from './register.ts'
import { formatHash, hashOf } from './run-hash.ts'
import {
  byStart,
  clip,
  firstAfter,
  flatten,
  joinRuns,
  runListOf,
  sameRun,
  spanOf
} from './run-list.ts'

/** Whole stored runs that go, and what stands in their place; both sorted. */
export interface MapChange {
  readonly removed: readonly Run[]
  readonly added: readonly Run[]
}

export class LeaseMap {
  /** Replaced as a whole, so that whoever was given it keeps what it was. */
  #runs: readonly Run[]
  #high = 0
  #low = 0

  private constructor(runs: readonly Run[]) {
    this.#runs = runs
    for (const run of runs) this.#mix(run)
  }

  /** From disjoint runs in any order, canonical or not. */
  static of(runs: Iterable<Run>): LeaseMap {
    return new LeaseMap(runListOf(runs))
  }

  at(address: Address): Register | undefined {
    const run = this.#runs[firstAfter(this.#runs, address)]
    return run !== undefined && run.start <= address ? run.register : undefined
  }

  /** All runs, sorted; not touched by later changes. */
  runs(): readonly Run[] {
    return this.#runs
  }

  /** What lies in the range, cut at its ends. */
  within(range: AddressRange): Run[] {
    const [low, high] = spanOf(this.#runs, range.start, range.end)
    return this.#runs.slice(low, high).map(run => clip(run, range))
  }

  ownedBy(member: MemberIndex): AddressSet {
    return AddressSet.of(this.runsOf(member))
  }

  runsOf(member: MemberIndex): Run[] {
    return this.#runs.filter(({ register }) => register.owner === member)
  }

  /**
   * What merging these runs, which may overlap one another, would change: of each address the newest
   * register stays. Empty when nothing is newer. Nothing is applied.
   */
  plan(incoming: readonly Run[]): MapChange {
    const removed: Run[] = []
    const added: Run[] = []
    for (const { stored, fresh } of this.#groups(flatten(incoming))) {
      const joined = joinRuns(stored, fresh)
      removed.push(...without(stored, joined))
      added.push(...without(joined, stored))
    }
    return { removed, added }
  }

  /** Incoming runs together with the stored ones that they meet or touch, in groups far from one another. */
  *#groups(incoming: readonly Run[]): Generator<{ stored: readonly Run[]; fresh: Run[] }> {
    let fresh: Run[] = []
    let [low, high] = [0, 0]
    for (const run of incoming) {
      const [first, next] = spanOf(this.#runs, run.start - 1n, run.end + 1n)
      const isNear = first < high || fresh.at(-1)?.end === run.start
      if (isNear && fresh.length > 0) fresh.push(run)
      else {
        if (fresh.length > 0) yield { stored: this.#runs.slice(low, high), fresh }
        ;[low, fresh] = [first, [run]]
      }
      high = next
    }
    if (fresh.length > 0) yield { stored: this.#runs.slice(low, high), fresh }
  }

  apply({ removed, added }: MapChange): void {
    const touched = [...removed, ...added].sort(byStart)
    const [first] = touched
    if (first === undefined) return
    const end = touched.reduce((furthest, run) => (run.end > furthest ? run.end : furthest), 0n)
    const [low, high] = spanOf(this.#runs, first.start, end)
    const window = this.#runs.slice(low, high)
    const kept = without(window, removed)
    assert(window.length - kept.length === removed.length, 'a removed run is there')
    const replaced = [...kept, ...added].sort(byStart)
    for (const [i, run] of replaced.entries()) {
      assert((replaced[i - 1]?.end ?? 0n) <= run.start, 'an added run lies where one was removed')
    }
    this.#runs = this.#runs.slice(0, low).concat(replaced, this.#runs.slice(high))
    for (const run of touched) this.#mix(run)
  }

  /** 16 hexadecimal digits, the same exactly where the same is known of every address. */
  hash(): string {
    return formatHash([this.#high, this.#low])
  }

  /** Throws when the runs are not canonical or the hash is not theirs. Called after every step of tests. */
  checkInvariants(): void {
    const canonical = runListOf(this.#runs)
    assert(canonical.length === this.#runs.length, 'neighbours with one register are one run')
    for (const [i, run] of canonical.entries()) {
      assert(sameRun(run, this.#runs[i] as Run), 'runs are sorted')
    }
    assert(new LeaseMap(canonical).hash() === this.hash(), 'the hash is that of the runs')
  }

  /** Exclusive or: what goes in a second time is out again. */
  #mix(run: Run): void {
    const [high, low] = hashOf(run)
    this.#high ^= high
    this.#low ^= low
  }
}

/** The runs of one sorted list that the other one does not have. */
function without(list: readonly Run[], others: readonly Run[]): Run[] {
  let j = 0
  return list.filter(run => {
    while ((others[j]?.start ?? run.start) < run.start) j += 1
    const other = others[j]
    return other === undefined || !sameRun(run, other)
  })
}
