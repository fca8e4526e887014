// Brings what a person has decided to the registry, and says what became of it.

import { ask } from '../actors/runtime/ask.ts'
import type { Proposal } from '../core/registry/record.ts'
import { type OpenService, timing } from './admin-service.ts'
import { type Answer, refused } from './answer.ts'

/** Longer than the secretary keeps on trying. */
const proposalTimeoutMs = 45_000

/** The index of the record, or the registry's own words why there is none. */
export async function propose(service: OpenService, proposal: Proposal): Promise<number | Answer> {
  const { secretary } = service.house
  const within = timing(service, proposalTimeoutMs)
  const outcome = await ask(secretary, { type: 'Propose', proposal }, within)
  switch (outcome.type) {
    case 'Recorded':
      return outcome.index
    case 'NotRecorded':
      return refused(409, outcome.why)
    case 'Unreached':
      return refused(503, outcome.why)
  }
}
