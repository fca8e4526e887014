// When a request began, as far as it can be believed.

import type { Moment } from '../core/sandbox.ts'
import type { Clock } from '../ports/clock.ts'

/** The clock that we read is coarser than the plugin's. */
const toleranceNs = 1_000_000_000n

/**
 * A moment of this boot. One that has not come yet is a mistake of the sender, and would stand for all time
 * before it: a DEL from the future would refuse every ADD until then, so it counts as now.
 */
export function beganAt(start: bigint, boot: string, clock: Clock): Moment {
  const now = clock.bootNs()
  return { boot, ns: start > now + toleranceNs ? now : start }
}
