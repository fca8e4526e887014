// From everything that is known to the ordered list of what has to be there. Pure: the same circumstances give the same
// plan, and so do those in which the plan is carried out already.

import { tables } from '../kernel/view.ts'
import type { Mac } from '../core/link/mac.ts'
import { cable } from './cable.ts'
import type { Circumstances, PodMemory } from './circumstances.ts'
import { missingNic, waysOut } from './default-route.ts'
import { hijack, hijackWarnings } from './hijack.ts'
import { ownInterface, sysctls, wantedMac } from './interface.ts'
import { marks } from './marks.ts'
import { neighbours } from './neighbours.ts'
import { waysToNode, waysToPod } from './node-routes.ts'
import { ownRoutes, wayKey } from './own-routes.ts'
import { policyRoutes } from './policy-routes.ts'
import { routeAttributes } from './route-attributes.ts'
import { type Impossible, nicsOf, stageOf, stageTable } from './stage.ts'
import { operationKey, type Step } from './step.ts'

export interface Plan {
  /** In ensured state: each says what has to be there, and nothing has to be done where it is. */
  readonly steps: readonly Step[]
  /** Sentences about what will not work, which is no reason to stop a pod. */
  readonly warnings: readonly string[]
  /** What has to be known when the pod's interfaces are planned again. */
  readonly memory: PodMemory
  /** The hardware address that the interface gets, when it gets another one. */
  readonly mac: Mac | undefined
}

export function planOf(circumstances: Circumstances): Plan | Impossible {
  const stage = stageOf(circumstances)
  if ('problem' in stage) return stage
  const missing = missingNic(stage)
  if (missing !== undefined) return missing
  const throughNode = [...waysToNode(stage), ...hijack(stage), ...policyRoutes(stage)]
  const made = new Set(throughNode.flatMap(keyInMain))
  const nics = nicsOf(stage)
  const ways = new Map(nics.map(ifname => [ifname, ownRoutes(stage, ifname, made)]))
  const steps = [
    ...ownInterface(stage),
    ...cable(stage),
    ...sysctls(stage),
    ...neighbours(stage),
    ...waysToPod(stage),
    ...throughNode,
    ...marks(stage),
    ...routeAttributes(stage),
    ...waysOut(stage, ways)
  ]
  return {
    steps: firstOfEach(steps),
    warnings: hijackWarnings(stage),
    mac: wantedMac(stage),
    memory: {
      mode: stage.mode,
      routes: ways,
      tables: new Map(nics.map(ifname => [ifname, stageTable(stage, ifname)]))
    }
  }
}

/** A route that was put there by us is none of the interface's own. */
function keyInMain(step: Step): string[] {
  const isInMain = step.type === 'PutRoute' && step.route.table === tables.main
  return isInMain ? [wayKey(step.route)] : []
}

/** Two wishes for one destination: the more important one comes first. */
function firstOfEach(steps: readonly Step[]): Step[] {
  const byKey = new Map<string, Step>()
  for (const step of steps) {
    const key = operationKey(step)
    if (!byKey.has(key)) byKey.set(key, step)
  }
  return [...byKey.values()]
}
