// What all chained plugins have in common.

import type { Verb } from './cni-version.ts'
import type { NetConf } from './net-conf.ts'
import type { PluginRequest } from './plugin-request.ts'
import type { ChainedService } from './service.ts'

/** What the plugin prints. Rejects as `carryOut` does. */
export type ChainedVerb = (
  request: PluginRequest,
  conf: NetConf,
  service: ChainedService
) => Promise<string>

/** A DEL is carried out before anything else is looked at. */
export type ChainedVerbs = Readonly<Record<Exclude<Verb, 'DEL'>, ChainedVerb>>

export const notPermitted =
  'orbweaverd may not change the network; it needs CAP_NET_ADMIN and CAP_SYS_ADMIN'
