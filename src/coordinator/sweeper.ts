// Finds pods whose network namespace is certainly gone though no DEL came for them, and takes back what was done for
// them to the host. As with their addresses, a first look only makes it suspicious.

import { keyText } from '../core/attachment.ts'
import { judgeSandbox } from '../core/sandbox.ts'
import type { Clock } from '../ports/clock.ts'
import type { Coordinator } from '../ports/coordinator.ts'
import type { Log } from '../ports/log.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import type { Deeds } from './deeds.ts'

export interface SweeperOptions {
  readonly deeds: Deeds
  readonly coordinator: Coordinator
  readonly probe: SandboxProbe
  readonly clock: Clock
  readonly log: Log
  readonly everyMs: number
  /** How long it must have been found so. */
  readonly graceMs: number
}

export class Sweeper {
  readonly #options: SweeperOptions
  /** Since when a deed's namespace is found gone, by the moment when the deed began. */
  #suspicions: ReadonlyMap<bigint, number> = new Map()
  #cancel = () => {}
  #round: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: SweeperOptions) {
    this.#options = options
    this.#schedule()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#round
  }

  #schedule(): void {
    if (this.#isClosed) return
    const { clock, everyMs } = this.#options
    this.#cancel = clock.after(everyMs, () => {
      this.#round = this.#look().finally(() => this.#schedule())
    })
  }

  async #look(): Promise<void> {
    const { deeds, probe, clock, graceMs, log, coordinator } = this.#options
    const all = deeds.all()
    if (all.length === 0) return
    const sightings = await probe.sight(all.map(({ sandbox }) => sandbox))
    const now = clock.monotonicMs()
    const suspicions = new Map<bigint, number>()
    for (const [i, { key, sandbox }] of all.entries()) {
      const sighting = sightings[i]
      const verdict = sighting && judgeSandbox(sandbox, sighting)
      if (verdict?.type !== 'Gone') continue
      const since = this.#suspicions.get(sandbox.began.ns) ?? now
      suspicions.set(sandbox.began.ns, since)
      if (now - since < graceMs) continue
      log.info(
        { key: keyText(key), why: verdict.why },
        'a pod is gone; what it had on the host is taken back'
      )
      await coordinator.undo(key, sandbox.began)
    }
    this.#suspicions = suspicions
  }
}
