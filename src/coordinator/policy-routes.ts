// Routes that people want for an interface beside those of its pool.

import { tables } from '../kernel/view.ts'
import { putRoute } from './made-routes.ts'
import { isOnLinkOf } from './own-routes.ts'
import { type Stage, stageTable } from './stage.ts'
import type { Step } from './step.ts'

/** Those of the default interface are everybody's, so they are in the main table as well. */
export function policyRoutes(stage: Stage): readonly Step[] {
  const { settings, families, key, pod } = stage
  const own = stageTable(stage, key.ifname)
  const isDefault = key.ifname === settings.podDefaultCniNic
  return settings.policyRoutes
    .filter(({ destination }) => families.includes(destination.family))
    .flatMap(({ destination, gateway }) =>
      (isDefault ? [tables.main, own] : [own]).map(table =>
        putRoute('Pod', {
          ...{ table, destination, gateway, link: key.ifname },
          isOnLink: !isOnLinkOf(pod, key.ifname, gateway)
        })
      )
    )
}
