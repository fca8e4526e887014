// What the admin socket shows when it is asked: each path that is read, and from which actors it comes.

import { AskError, ask } from '../actors/runtime/ask.ts'
import {
  type AdminService,
  describeCustodies,
  describePeers,
  type OpenService,
  timing
} from './admin-service.ts'
import { actorViews } from './actors.ts'
import { type Answer, shown } from './answer.ts'
import { peersView, registryView } from './cluster-views.ts'
import { blocksView } from './custody-view.ts'
import { describeAttachments, describePools } from './views.ts'

export interface StatusView {
  readonly node: string
  readonly release: string
  readonly serving: boolean
  /** Absent when the subnets do not answer. */
  readonly draining?: boolean
  readonly why?: string
  /** Subnets of which nothing is handed out now. */
  readonly notServing?: readonly { readonly domain: string; readonly why: string }[]
  readonly actors: readonly unknown[]
}

export async function reportStatus(service: AdminService): Promise<Answer> {
  const { node, release, house } = service
  if ('why' in house) {
    return shown({ node, release, serving: false, why: house.why, actors: [] })
  }
  const subnets = await serviceOf({ ...service, house })
  return shown({ node, release, serving: true, ...subnets, actors: actorViews(house) })
}

/** Who looks at the status looks for trouble, and gets what there is also when an actor is stuck. */
async function serviceOf(
  service: OpenService
): Promise<Pick<StatusView, 'draining' | 'notServing'> | undefined> {
  try {
    const custodies = await describeCustodies(service)
    return {
      draining: custodies.some(({ isDraining }) => isDraining),
      notServing: custodies.flatMap(({ domain, notServing: why }) =>
        why === undefined ? [] : [{ domain, why }]
      )
    }
  } catch (error) {
    if (error instanceof AskError) return undefined
    throw error
  }
}

export async function reportAttachments(service: OpenService): Promise<Answer> {
  const { allocator } = service.house
  const attachments = await ask(allocator, { type: 'ListAttachments' }, timing(service))
  return shown({ attachments: describeAttachments(attachments) })
}

export async function reportPools(service: OpenService): Promise<Answer> {
  const within = timing(service)
  const { set, subnets } = await ask(service.house.catalogue, { type: 'DescribePools' }, within)
  const usages = await Promise.all(
    [...subnets.values()].map(actor => ask(actor, { type: 'DescribeUsage' }, within))
  )
  const usage = usages.flatMap(({ pools }) => pools)
  return shown(describePools(set, usage))
}

export async function reportBlocks(service: OpenService): Promise<Answer> {
  const [custodies, { view }] = await Promise.all([
    describeCustodies(service),
    describePeers(service)
  ])
  return shown(blocksView(custodies, view))
}

export async function reportPeers(service: OpenService): Promise<Answer> {
  const { node, registrar } = service
  return shown(peersView(await describePeers(service), node, registrar?.()))
}

export async function reportRegistry(service: OpenService): Promise<Answer> {
  const { secretary } = service.house
  return shown(registryView(await ask(secretary, { type: 'DescribeRegistry' }, timing(service))))
}
