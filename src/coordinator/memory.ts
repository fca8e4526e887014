// What the deeds of one pod say together.

import type { PodMemory } from './circumstances.ts'
import type { Deed } from './deed.ts'

/** What was found first counts: later plans have moved it. */
export function memoryOf(deeds: readonly Deed[]): PodMemory {
  const coordinated = deeds.filter(({ key }) => key.role === 'coordinator').toReversed()
  return {
    mode: coordinated.at(-1)?.memory.mode,
    tables: new Map(coordinated.flatMap(({ memory }) => [...memory.tables])),
    routes: new Map(coordinated.flatMap(({ memory }) => [...memory.routes]))
  }
}
