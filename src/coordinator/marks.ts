// Replies to what came in by the cable leave by the cable, whoever sent it: a client of a NodePort, say, whose
// address would else be looked for behind the default route.

import { everywhere, lookupRule, putRoute } from './made-routes.ts'
import { podVethName, replyMark, replyTable, sharedPriority } from './numbers.ts'
import { nodeGateway, type Stage } from './stage.ts'
import type { Step } from './step.ts'

export function marks(stage: Stage): readonly Step[] {
  const { mode, families } = stage
  if (mode === 'overlay') return []
  const ways = families.flatMap((family): Step[] => {
    const gateway = nodeGateway(stage, family)
    if (gateway === undefined) return []
    return [
      putRoute('Pod', {
        ...{ table: replyTable, destination: everywhere(family), gateway, link: podVethName },
        // The way to it is in other tables.
        isOnLink: true
      }),
      {
        ...{ type: 'PutRule', at: 'Pod' },
        rule: lookupRule({
          ...{ family, priority: sharedPriority, table: replyTable },
          mark: { value: replyMark, mask: 0xffff_ffff }
        })
      }
    ]
  })
  if (ways.length === 0) return []
  return [...ways, { type: 'PutMarks', at: 'Pod', marks: { link: podVethName, mark: replyMark } }]
}
