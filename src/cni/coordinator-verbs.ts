// The verbs of the coordinator, which comes behind the main plugin in a list (CNI 1.1.0, "Section 2").

import { type AttachmentKey, keyText } from '../core/attachment.ts'
import { isObject, type Json } from '../core/fields.ts'
import type { NotCoordinated } from '../ports/coordinator.ts'
import { beganAt } from './began.ts'
import { parseCniArgs } from './cni-args.ts'
import { type CniCode, CniError, cniCodes } from './cni-error.ts'
import { type ChainedVerbs, notPermitted } from './chained-plugin.ts'
import {
  parseCoordinatorConf,
  parsePreviousResult,
  podAnnotations,
  previousDocument
} from './coordinator-conf.ts'
import { attachmentKey } from './environment.ts'
import { attachmentsToKeep } from './gc.ts'
import { member } from './json-members.ts'
import type { NetConf } from './net-conf.ts'
import type { PluginRequest } from './plugin-request.ts'
import { sandboxOf } from './sandbox-of.ts'
import { type ChainedService, inTime, timeLeft } from './service.ts'

export const coordinatorVerbs: ChainedVerbs = { ADD: add, CHECK: check, GC: gc, STATUS: status }

async function add(
  request: PluginRequest,
  conf: NetConf,
  service: ChainedService
): Promise<string> {
  const key = attachmentKey(request, conf.name)
  const wishes = parseCoordinatorConf(conf)
  const previous = previousDocument(conf)
  const outcome = await service.coordinator.coordinate({
    ...{ key, wishes },
    pod: parseCniArgs(request.args).pod,
    sandbox: sandboxOf(request, service),
    annotations: podAnnotations(conf),
    result: parsePreviousResult(previous),
    budgetMs: timeLeft(request)
  })
  if (outcome.type === 'NotCoordinated') throw errorOf(outcome, key, service)
  const { mac } = outcome
  const result = mac === undefined ? previous : withMac(previous, key.ifname, mac)
  return JSON.stringify({ ...result, cniVersion: conf.cniVersion })
}

/** The interface of the pod is the one with a sandbox; a main plugin may list the host's end under the same name. */
function withMac(previous: Json, ifname: string, mac: string): Json {
  const name = Object.keys(previous).find(key => key.toLowerCase() === 'interfaces')
  const listed: unknown = name === undefined ? [] : previous[name]
  if (name === undefined || !Array.isArray(listed)) return previous
  const interfaces = (listed as unknown[]).map(one => {
    const isIt =
      isObject(one) && member(one, 'name') === ifname && (member(one, 'sandbox') ?? '') !== ''
    return isIt ? { ...one, mac } : one
  })
  return { ...previous, [name]: interfaces }
}

async function check(
  request: PluginRequest,
  conf: NetConf,
  service: ChainedService
): Promise<string> {
  const key = attachmentKey(request, conf.name)
  const { mode } = parseCoordinatorConf(conf)
  previousDocument(conf)
  const { coordinator } = service
  const sandbox = sandboxOf(request, service)
  const outcome = await coordinator.examine(key, sandbox, timeLeft(request))
  if (outcome.type === 'NotCoordinated') throw errorOf(outcome, key, service)
  if (outcome.type === 'Examined') {
    if (outcome.differences.length === 0) return ''
    throw new CniError(
      cniCodes.coordinationDiffers,
      `${keyText(key)} on ${service.node} is not as the coordinator left it: ${outcome.differences.join('; ')}`
    )
  }
  if (mode === 'disabled' || coordinator.isDisabled()) return ''
  throw new CniError(
    cniCodes.unknownContainer,
    `${keyText(key)} is not coordinated on ${service.node}; it was deleted or never added`
  )
}

/** Nothing of the pod is needed, and what cannot be done now goes to the queue of the plugin. */
export async function undoCoordination(
  request: PluginRequest,
  key: AttachmentKey,
  { coordinator, boot, clock }: ChainedService
): Promise<string> {
  const began = beganAt(request.start, boot, clock)
  const isDone = await coordinator.undo({ ...key, role: 'coordinator' }, began)
  if (!isDone) throw new Error('DEL is left to the queue: it could not be finished')
  return ''
}

/** Delegated plugins never hear of a GC behind most main plugins, so the addresses are collected here, too. */
async function gc(request: PluginRequest, conf: NetConf, service: ChainedService): Promise<string> {
  const keep = attachmentsToKeep(conf)
  const { coordinator, collect, boot, clock, node } = service
  const began = beganAt(request.start, boot, clock)
  await coordinator.collect(conf.name, keep, began)
  const collection = { network: conf.name, keep, began }
  const why = await inTime(request, service, ({ timeoutMs }) => collect(collection, timeoutMs))
  if (why === undefined) return ''
  throw new CniError(cniCodes.notServing, `${node} serves no addresses: ${why}`)
}

async function status(
  _request: PluginRequest,
  _conf: NetConf,
  service: ChainedService
): Promise<string> {
  const obstacle = service.coordinator.obstacle()
  if (obstacle === undefined) return ''
  throw new CniError(
    cniCodes.unavailable,
    `the coordinator of ${service.node} cannot change the network: ${obstacle}`
  )
}

const codes = {
  Settings: cniCodes.invalidConfig,
  Busy: cniCodes.tryAgain,
  Failed: cniCodes.coordinationFailed,
  Forbidden: cniCodes.coordinationFailed,
  NoNamespace: cniCodes.invalidNamespace,
  Overtaken: cniCodes.tryAgain,
  Disk: cniCodes.io
} as const satisfies Record<NotCoordinated['why'], CniCode>

const sentences = {
  Settings: 'the coordinator is told what cannot be',
  Busy: 'the coordinator could not finish in time; the runtime will try again',
  Failed: 'the coordinator could not change the network; what it had done before is taken back',
  Forbidden: notPermitted,
  NoNamespace: 'the network namespace is gone',
  Overtaken: 'the ADD was overtaken by its DEL',
  Disk: 'the coordinator could not write down what it is about to do'
} as const satisfies Record<NotCoordinated['why'], string>

function errorOf(
  { why, detail }: NotCoordinated,
  key: AttachmentKey,
  { node }: ChainedService
): CniError {
  return new CniError(codes[why], `${keyText(key)} on ${node}: ${sentences[why]}: ${detail}`)
}
