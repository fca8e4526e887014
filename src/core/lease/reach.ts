// Who can be asked, for a search: where everybody is connected to everybody a member without a connection is out of
// reach, and in a large cluster only one that was asked and did not answer.

import type { MemberIndex } from './register.ts'

/** How long a donor may take: a commit and a round trip, many times over. Then it is asked again. */
export const answerMs = 500
/** Who has no connection has to be dialled and greeted first: so long its first answer may take. */
const dialMs = 2_000
/** How long a member that did not answer then is left alone. */
const awayMs = 30_000

export class Reach {
  /** Since when they have no connection. */
  #unreachable: ReadonlyMap<MemberIndex, number> = new Map()
  /** Those without a connection that may be had when there is something to ask. */
  #distant: ReadonlySet<MemberIndex> = new Set()
  /** Until when those of them that did not answer are left alone. */
  readonly #away = new Map<MemberIndex, number>()

  /** Returns whether somebody came back. */
  set(
    unreachable: ReadonlySet<MemberIndex>,
    distant: ReadonlySet<MemberIndex>,
    now: number
  ): boolean {
    const before = this.#unreachable
    this.#unreachable = new Map([...unreachable].map(one => [one, before.get(one) ?? now]))
    this.#distant = distant
    let isBack = [...before.keys()].some(member => !unreachable.has(member))
    for (const member of this.#away.keys()) {
      if (distant.has(member)) continue
      this.#away.delete(member)
      isBack = true
    }
    return isBack
  }

  isOut(member: MemberIndex): boolean {
    return this.#unreachable.has(member) || this.#away.has(member)
  }

  patienceMs(member: MemberIndex): number {
    return this.#distant.has(member) ? dialMs : answerMs
  }

  /** It has not answered in time; false when it has a connection, and is only slow. */
  miss(member: MemberIndex, now: number): boolean {
    if (!this.#distant.has(member)) return false
    this.#away.set(member, now + awayMs)
    return true
  }

  heard(member: MemberIndex): void {
    this.#away.delete(member)
  }

  expire(now: number): void {
    for (const [member, until] of this.#away) if (now >= until) this.#away.delete(member)
  }

  /** Since when those without a connection have none. */
  since(): number[] {
    return [...this.#unreachable.values()]
  }
}
