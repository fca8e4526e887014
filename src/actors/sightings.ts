// Scarcity: a cooling address may be used early when its old namespace is gone, so go and look, one look at a
// time.

import type { Cooling } from '../core/cooldown.ts'
import { judgeSandbox, type SandboxSighting } from '../core/sandbox.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import type { Desk } from './desk.ts'

/** How soon a second look is worth its file system calls. */
const pauseMs = 100

export class Sightings {
  readonly #desk: Desk
  readonly #probe: SandboxProbe
  #isLooking = false
  #lookedAt = -pauseMs

  constructor(desk: Desk, probe: SandboxProbe) {
    this.#desk = desk
    this.#probe = probe
  }

  /** Look at what delays the cooling addresses of a pool. */
  look(pool: string): void {
    const { context, book } = this.#desk
    const now = this.#desk.now()
    if (this.#isLooking || now - this.#lookedAt < pauseMs) return
    const suspects = book.suspectsOf(pool).filter(({ sandbox }) => sandbox !== undefined)
    if (suspects.length === 0) return
    this.#isLooking = true
    this.#lookedAt = now
    context.pipe(
      this.#probe.sight(suspects.flatMap(({ sandbox }) => sandbox ?? [])),
      sightings => ({ type: 'SuspectsSighted', suspects, sightings }),
      () => ({ type: 'SuspectsSighted', suspects: [], sightings: [] })
    )
  }

  /** What was seen; true when some addresses can be used now. */
  seen(suspects: readonly Cooling[], sightings: readonly SandboxSighting[]): boolean {
    this.#isLooking = false
    let isSome = false
    for (const [i, suspect] of suspects.entries()) {
      const { sandbox } = suspect
      const sighting = sightings[i]
      if (sandbox === undefined || sighting === undefined) continue
      if (judgeSandbox(sandbox, sighting).type !== 'Gone') continue
      this.#desk.book.vacate(suspect)
      isSome = true
    }
    return isSome
  }
}
