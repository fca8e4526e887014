// Which reservations of applications are being made larger. From the moment an address is asked for until it is
// known to be kept it is neither free nor the application's, and its own pods must not be refused for that.

import { type Family, familyOf } from '../core/address.ts'
import type { BindNews } from '../core/lease/binds.ts'

/** How long an address may take to come from elsewhere; then it is asked for again. */
export const growthMs = 5_000

export class Growth {
  readonly #rounds = new Map<string, { readonly since: number; coming: number }>()

  /** So many addresses are asked for; of an earlier round none is to come any more. */
  begin(holder: string, family: Family, count: number, now: number): void {
    this.#rounds.set(keyOf(holder, family), { since: now, coming: count })
  }

  /** It is as large as it should be. */
  end(holder: string, family: Family): void {
    this.#rounds.delete(keyOf(holder, family))
  }

  /** One of them does not come. */
  missed(holder: string, family: Family): void {
    const round = this.#rounds.get(keyOf(holder, family))
    if (round !== undefined) round.coming -= 1
  }

  /** Some of them may be there now. */
  kept(news: readonly BindNews[]): void {
    for (const [address, bound] of news) {
      if (bound !== undefined) this.missed(bound.holder, familyOf(address))
    }
  }

  /** It has been asked for not long ago. */
  isFresh(holder: string, family: Family, now: number): boolean {
    const round = this.#rounds.get(keyOf(holder, family))
    return round !== undefined && now - round.since < growthMs
  }

  /** Some of what was asked for may still come. */
  isUnderWay(holder: string, family: Family, now: number): boolean {
    const coming = this.#rounds.get(keyOf(holder, family))?.coming ?? 0
    return coming > 0 && this.isFresh(holder, family, now)
  }
}

function keyOf(holder: string, family: Family): string {
  return `${family} ${holder}`
}
