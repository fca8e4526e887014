// What is told of pods in a world: those of one StatefulSet are known until the faults stop; then it is gone.

import { factsOfNode, type PodKnowledge } from '../../src/core/selection/facts.ts'
import type { PodFacts } from '../../src/ports/pod-facts.ts'

const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web' }
const member: PodKnowledge = { labels: {}, annotations: {}, isGone: false, owner }

/** The pod of the set with this number. */
export function fixedName(ordinal: number): string {
  return `${owner.name}-${ordinal}`
}

export function simFacts(node: string, isOver: () => boolean): PodFacts {
  const known = factsOfNode(node)
  return {
    of: ({ name }) =>
      name?.startsWith(`${owner.name}-`) === true && !isOver() ? { ...known, pod: member } : known,
    workload: () => (isOver() ? 'Gone' : {}),
    presence: () => 'Unknown',
    watch: () => () => {}
  }
}
