// Who is being asked for addresses of one pool, and who is late with an answer.

import type { MemberIndex } from './register.ts'

/**
 * How long a donor may owe answers or have no connection before it counts as silent: it is busy, or starts again, which
 * takes the daemon of a busy machine some seconds. Plugins wait a little longer for their own daemon.
 */
const patienceMs = 12_000
/** Each time it is late a member gets twice the time, so many times. */
const doublingsMax = 2

/** Whether something that began then may still come to a good end. */
export function isRecent(since: number, now: number): boolean {
  return now - since < patienceMs
}

export class Asked {
  /** Who has not answered yet, and when it was asked. */
  readonly #open = new Map<MemberIndex, number>()
  /** Who did not answer in time in this round, and how often. */
  readonly #late = new Map<MemberIndex, number>()
  /** Since when a member owes an answer, whatever was asked of it meanwhile. */
  readonly #owes = new Map<MemberIndex, number>()

  get isNobody(): boolean {
    return this.#open.size === 0
  }

  /** How many are asked who are not late. */
  get inTime(): number {
    let count = 0
    for (const member of this.#open.keys()) if (!this.#late.has(member)) count += 1
    return count
  }

  /** It is being asked, or did not answer in time. */
  has(member: MemberIndex): boolean {
    return this.#open.has(member) || this.#late.has(member)
  }

  isLate(member: MemberIndex): boolean {
    return this.#late.has(member)
  }

  ask(to: MemberIndex, now: number): void {
    this.#open.set(to, now)
    if (!this.#owes.has(to)) this.#owes.set(to, now)
  }

  answered(from: MemberIndex): void {
    this.#open.delete(from)
    this.#late.delete(from)
    this.#owes.delete(from)
  }

  /** Those who have not had half of their time yet. */
  early(now: number, timeMs: (member: MemberIndex) => number): MemberIndex[] {
    return [...this.#open]
      .filter(([member, at]) => !this.#late.has(member) && now - at < timeMs(member) / 2)
      .map(([member]) => member)
  }

  /** Those whose time is up are not asked any more. Returns them. */
  expire(now: number, timeMs: (member: MemberIndex) => number): MemberIndex[] {
    const overdue: MemberIndex[] = []
    for (const [member, at] of this.#open) {
      const doublings = Math.min(this.#late.get(member) ?? 0, doublingsMax)
      if (now - at >= timeMs(member) * 2 ** doublings) overdue.push(member)
    }
    for (const member of overdue) this.#open.delete(member)
    return overdue
  }

  miss(member: MemberIndex): void {
    this.#late.set(member, (this.#late.get(member) ?? 0) + 1)
  }

  /** Who is late and not asked now, but not for so long that it has to be called silent. */
  excused(now: number): MemberIndex[] {
    return [...this.#late.keys()].filter(
      member => !this.#open.has(member) && isRecent(this.#owes.get(member) ?? now, now)
    )
  }

  /** It may be asked as if it had not been late. */
  forgive(member: MemberIndex): void {
    this.#late.delete(member)
  }

  /** Another round: nobody is late yet. */
  forgiveAll(): void {
    this.#late.clear()
  }

  clear(): void {
    for (const kept of [this.#open, this.#late, this.#owes]) kept.clear()
  }

  /** Those who are no members any more are asked nothing. */
  keep(members: ReadonlySet<MemberIndex>): void {
    for (const kept of [this.#open, this.#late, this.#owes]) {
      for (const member of kept.keys()) if (!members.has(member)) kept.delete(member)
    }
  }
}
