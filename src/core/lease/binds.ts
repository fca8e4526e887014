// Which addresses of a domain are kept for somebody, as its registers say, and what has changed of that since
// it was told last.

import type { Address } from '../address.ts'
import { type Bind, bindOf } from './bind.ts'
import type { MapChange } from './lease-map.ts'
import type { MemberIndex, Run } from './register.ts'

/** What the register of an address says of its keeping. */
export interface Bound extends Bind {
  readonly owner: MemberIndex
}

export type BoundAddress = readonly [address: Address, bound: Bound]
export type BindNews = readonly [address: Address, bound: Bound | undefined]

/** Nobody keeps more in one stroke; a longer run that says so is a mistake, and no reason to count to 2^64. */
const runMax = 1_024n

export class Binds {
  readonly #byAddress = new Map<Address, Bound>()
  #news = new Map<Address, Bound | undefined>()

  constructor(runs: Iterable<Run>) {
    for (const [address, bind] of boundIn(runs)) this.#set(address, bind)
  }

  get(address: Address): Bound | undefined {
    return this.#byAddress.get(address)
  }

  entries(): Iterable<BoundAddress> {
    return this.#byAddress
  }

  /** Follow the map. Returns what is kept for somebody else now, or by somebody else, or for nobody. */
  apply({ removed, added }: MapChange): readonly BindNews[] {
    const before = new Map(boundIn(removed))
    const after = new Map(boundIn(added))
    const news: BindNews[] = []
    for (const address of before.keys()) {
      if (!after.has(address)) news.push([address, undefined])
    }
    for (const [address, bind] of after) {
      if (!sameBind(this.#byAddress.get(address), bind)) news.push([address, bind])
    }
    for (const [address, bind] of news) this.#set(address, bind)
    return news
  }

  /** What nobody was told yet; from now on somebody was. */
  takeNews(): readonly BindNews[] {
    if (this.#news.size === 0) return []
    const news = [...this.#news]
    this.#news = new Map()
    return news
  }

  #set(address: Address, bind: Bound | undefined): void {
    if (bind === undefined) this.#byAddress.delete(address)
    else this.#byAddress.set(address, bind)
    this.#news.set(address, bind)
  }
}

function* boundIn(runs: Iterable<Run>): Generator<BoundAddress> {
  for (const { start, end, register } of runs) {
    if (register.tail === '' || end - start > runMax) continue
    const bind = bindOf(register.tail)
    if (bind === undefined) continue
    for (let at = start; at < end; at = (at + 1n) as Address)
      yield [at, { ...bind, owner: register.owner }]
  }
}

function sameBind(one: Bound | undefined, { holder, generation, owner }: Bound): boolean {
  return one?.holder === holder && one.generation === generation && one.owner === owner
}
