// Nobody says anything of pods: what the runtime tells with an ADD is all.

import { factsOfNode } from '../core/selection/facts.ts'
import type { NetworkSettings } from '../core/selection/networks.ts'
import type { PodFacts } from '../ports/pod-facts.ts'

export function noFacts(node: string, networks?: NetworkSettings): PodFacts {
  const facts = factsOfNode(node, networks)
  return {
    of: () => facts,
    workload: () => 'Unknown',
    presence: () => 'Unknown',
    watch: () => () => {}
  }
}
