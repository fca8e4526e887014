// The verbs of the plugins that come before and behind a main plugin in a list.

import { coordinatorVerbs, undoCoordination } from './coordinator-verbs.ts'
import { attachmentKey } from './environment.ts'
import { ifacerVerbs } from './ifacer-verbs.ts'
import { parseNetworkName } from './net-conf.ts'
import type { PluginRequest } from './plugin-request.ts'
import { readable, unserved } from './readable-request.ts'
import { isChainedRole, isIfacerRole } from './roles.ts'
import type { ChainedService } from './service.ts'

/** As `carryOut` of the verbs for addresses. */
export async function carryOutChained(
  request: PluginRequest,
  service: ChainedService
): Promise<string> {
  const { role } = request
  if (!isChainedRole(role)) throw unserved(request)
  const isIfacer = isIfacerRole(role)
  if (request.verb === 'DEL') {
    const key = attachmentKey(request, parseNetworkName(request.conf))
    return isIfacer ? '' : undoCoordination(request, key, service)
  }
  const { verb, conf } = readable(request)
  return (isIfacer ? ifacerVerbs : coordinatorVerbs)[verb](request, conf, service)
}
