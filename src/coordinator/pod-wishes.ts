// What is wanted for one pod, and which interfaces it will have: from its network configuration, its annotations and the
// cluster.

import {
  type CoordinatorSettings,
  type CoordinatorWishes,
  settingsOf
} from '../core/coordination/settings.ts'
import { podKeys } from '../core/selection/annotation-keys.ts'
import { extraNetworks } from '../core/selection/networks.ts'
import type { CoordinationOrder } from '../ports/coordinator.ts'
import type { Annotations } from '../core/selection/facts.ts'

export interface PodWishes {
  readonly settings: CoordinatorSettings
  /** Undefined when nobody says which networks the pod has. */
  readonly expected: readonly string[] | undefined
}

/** What the runtime passes is newer than what is `told` of the pod elsewhere. */
export function podWishes(
  { pod, wishes, annotations }: CoordinationOrder,
  cluster: CoordinatorWishes,
  told: Annotations | undefined
): PodWishes {
  const all = { ...told, ...annotations }
  const settings = settingsOf({
    configuration: wishes,
    annotation: all[podKeys.defaultRouteNic],
    cluster
  })
  const isTold = told !== undefined || annotations !== undefined
  const extra = isTold ? extraNetworks(all, pod.namespace ?? '') : undefined
  const expected = extra && [settings.podDefaultCniNic, ...extra.map(({ ifname }) => ifname)]
  return { settings, expected }
}
