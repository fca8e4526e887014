// The verbs of the plugin that makes parents, which comes first in a list: what it makes is the `master` of the main plugin
// behind it. Nothing of that belongs to one pod, so DEL and GC have nothing to do.

import type { ParentNotMade } from '../ports/parent-maker.ts'
import { type CniCode, CniError, cniCodes } from './cni-error.ts'
import { type ChainedVerbs, notPermitted } from './chained-plugin.ts'
import { attachmentKey } from './environment.ts'
import { parseIfacerConf } from './ifacer-conf.ts'
import { objectMember } from './json-members.ts'
import type { NetConf } from './net-conf.ts'
import type { PluginRequest } from './plugin-request.ts'
import { type ChainedService, timeLeft } from './service.ts'

const nothing = () => Promise.resolve('')

export const ifacerVerbs: ChainedVerbs = { ADD: add, CHECK: check, GC: nothing, STATUS: nothing }

/** Prints what was done before, if anything was. */
async function add(
  request: PluginRequest,
  conf: NetConf,
  service: ChainedService
): Promise<string> {
  attachmentKey(request, conf.name)
  const wishes = parseIfacerConf(conf)
  const made = await service.parentMaker.make(wishes, timeLeft(request))
  if (made.type === 'NotMade') throw errorOf(made, conf, service)
  const previous = objectMember(conf.document, 'prevresult', 'prevResult') ?? {}
  return JSON.stringify({ ...previous, cniVersion: conf.cniVersion })
}

async function check(
  request: PluginRequest,
  conf: NetConf,
  service: ChainedService
): Promise<string> {
  attachmentKey(request, conf.name)
  const wishes = parseIfacerConf(conf)
  const found = await service.parentMaker.examine(wishes, timeLeft(request))
  if (found.type === 'NotMade') throw errorOf(found, conf, service)
  if (found.differences.length === 0) return ''
  throw new CniError(
    cniCodes.coordinationDiffers,
    `the parent of ${conf.name} on ${service.node} is not as it was made: ${found.differences.join('; ')}`
  )
}

const codes = {
  Settings: cniCodes.invalidConfig,
  Busy: cniCodes.tryAgain,
  Failed: cniCodes.coordinationFailed,
  Forbidden: cniCodes.coordinationFailed
} as const satisfies Record<ParentNotMade['why'], CniCode>

const sentences = {
  Settings: 'what ifacer is told cannot be on this node',
  Busy: 'it could not be made in time; the runtime will try again',
  Failed: 'it could not be made; what was done for it is taken back',
  Forbidden: notPermitted
} as const satisfies Record<ParentNotMade['why'], string>

function errorOf(
  { why, detail }: ParentNotMade,
  { name }: NetConf,
  { node }: ChainedService
): CniError {
  return new CniError(codes[why], `the parent of ${name} on ${node}: ${sentences[why]}: ${detail}`)
}
