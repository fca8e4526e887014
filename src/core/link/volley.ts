// The same question asked a few times, with pauses between and a silence after the last time.

/** All in milliseconds but `tries`. */
export interface VolleyPlan {
  /** How often it is asked, at least once; one lost frame must decide nothing. */
  readonly tries: number
  /** From one try to the next. */
  readonly gapMs: number
  /** After the last try, before nobody has answered. */
  readonly silenceMs: number
}

export interface Pacing {
  /** Whether somebody has the address already. */
  readonly conflict: VolleyPlan
  /** Whether the gateway is there; asked in probe form and, when that is not answered, once more as a request. */
  readonly gateway: VolleyPlan
}

/** Far quicker than RFC 5227, whose seconds are for wireless links: a pod waits for it. */
export const usualPacing: Pacing = {
  conflict: { tries: 3, gapMs: 100, silenceMs: 200 },
  gateway: { tries: 3, gapMs: 200, silenceMs: 200 }
}

export class Volley {
  readonly #plan: VolleyPlan
  #sent = 0
  #next: number

  constructor(plan: VolleyPlan, nowMs: number) {
    this.#plan = plan
    this.#next = nowMs
  }

  /** When the next try is due, or the silence over. */
  get nextMs(): number {
    return this.#next
  }

  isDue(nowMs: number): boolean {
    return !this.isSpent && nowMs >= this.#next
  }

  /** Nothing is left to send; an answer may still come. */
  get isSpent(): boolean {
    return this.#sent >= this.#plan.tries
  }

  /** Pauses count from when a try really left: a late one must not shorten the silence. */
  left(nowMs: number): void {
    this.#sent += 1
    this.#next = nowMs + (this.#sent < this.#plan.tries ? this.#plan.gapMs : this.#plan.silenceMs)
  }

  /** Asked often enough, and nobody answered in time. */
  isOver(nowMs: number): boolean {
    return this.isSpent && nowMs >= this.#next
  }
}
