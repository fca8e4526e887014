// What this node shows to other members through the mesh.

import { describePeers, type AdminService } from './admin-service.ts'
import { type Answer, refused } from './answer.ts'
import type { Look } from './looks.ts'
import { routeOf } from './routes.ts'

/**
 * Nothing that changes anything, since a member that is not to be trusted would gain a hand on every node; and nothing
 * of what messages say, since that is for whoever is root on the node itself.
 */
const shownToMembers: ReadonlySet<string> = new Set([
  '/v1/status',
  '/v1/pools',
  '/v1/subnets',
  '/v1/blocks',
  '/v1/addresses',
  '/v1/map',
  '/v1/why',
  '/v1/attachments',
  '/v1/peers',
  '/v1/registry',
  '/v1/actors',
  '/v1/explain'
])

export async function answerLook(
  service: AdminService,
  peer: string,
  { method, path, body = {} }: Look
): Promise<Answer> {
  const { house } = service
  if ('why' in house) return refused(503, house.why)
  const open = { ...service, house }
  const { view, incarnation } = await describePeers(open)
  const isMember = (which: { readonly removed?: unknown } | undefined) =>
    which !== undefined && which.removed === undefined
  if (!isMember(view.byPeer.get(peer))) return refused(409, 'who asks is no member of this cluster')
  if (!isMember(view.byIncarnation.get(incarnation))) {
    return refused(503, `${service.node} is no member of this cluster now`)
  }
  const url = URL.parse(path, 'http://admin')
  const route = url === null ? undefined : routeOf(url.pathname)
  if (url === null || route === undefined) return refused(404, `${path} is no path of a node`)
  if (!shownToMembers.has(url.pathname)) {
    return refused(
      409,
      `${url.pathname} is answered on ${service.node} itself, not through the mesh`
    )
  }
  if (route.method !== method) return refused(405, `use ${route.method}`)
  if ('always' in route) return await route.always(service, url.searchParams, url.pathname, '')
  return route.method === 'GET'
    ? await route.serve(open, url.searchParams)
    : await route.serve(open, body)
}
