// The verbs of the specification (CNI 1.1.0, "Section 2: Execution Protocol"), from a decoded request to
// what the plugin prints.

import type { Allocated, Refused } from '../actors/messages/allocator.ts'
import { ask } from '../actors/runtime/ask.ts'
import { families, familyOf } from '../core/address.ts'
import type { AttachmentKey } from '../core/attachment.ts'
import type { ClientId } from '../core/deliveries.ts'
import type { Demand } from '../core/demand.ts'
import type { ParentLink } from '../core/selection/parent-link.ts'
import { assertPresent } from './check.ts'
import { beganAt } from './began.ts'
import { parseCniArgs } from './cni-args.ts'
import { CniError, cniCodes } from './cni-error.ts'
import { isAtLeast } from './cni-version.ts'
import { attachmentKey } from './environment.ts'
import { attachmentsToKeep } from './gc.ts'
import { type IpamConf, type NetConf, parseIpamConf, parseNetworkName } from './net-conf.ts'
import type { PluginRequest } from './plugin-request.ts'
import { readable, unserved } from './readable-request.ts'
import { refusalError } from './refusal-error.ts'
import { refusalEvent } from './refusal-event.ts'
import { requestedAddresses } from './requested-addresses.ts'
import { resultJson } from './result.ts'
import { isChainedRole, isIpamRole } from './roles.ts'
import { sandboxOf } from './sandbox-of.ts'
import { allocatorOf, answerMarginMs, busy, inTime, type Service, timeLeft } from './service.ts'

/** How long an ADD may wait for a cooling address: well below the two minutes of usual runtimes. */
const scarceWaitMsMax = 15_000

/** Who asks. */
export interface Asker {
  readonly client: ClientId
  /** Called before the allocator is asked: from now on this client may be told an attachment of this key. */
  readonly onAllocate: (key: AttachmentKey) => void
}

/**
 * Carry out one request and return what the plugin prints, nothing for a plain success. Rejects with CniError
 * for what the runtime must be told, and with anything else when no answer can be given: then the connection
 * ends, and the plugin does what it does without a daemon.
 */
export async function carryOut(
  request: PluginRequest,
  asker: Asker,
  service: Service
): Promise<string> {
  const { role } = request
  if (isChainedRole(role)) throw unserved(request)
  if (request.verb === 'DEL') return del(request, service)
  if (!isIpamRole(role)) throw unserved(request)
  const { verb, conf } = readable(request)
  switch (verb) {
    case 'ADD':
      return add(request, conf, asker, service)
    case 'CHECK':
      return check(request, conf, service)
    case 'GC':
      return gc(request, conf, service)
    case 'STATUS':
      allocatorOf(service, cniCodes.unavailableAndPodsAffected)
      return ''
  }
}

async function add(
  request: PluginRequest,
  conf: NetConf,
  { client, onAllocate }: Asker,
  service: Service
): Promise<string> {
  const key = attachmentKey(request, conf.name)
  const ipam = parseIpamConf(conf, request.role)
  const args = parseCniArgs(request.args)
  const { pools, cleanGateway, annotations, link } = ipam
  const parent = parentOf(ipam, service)
  const requested = requestedAddresses(ipam, args)
  const demand: Demand = {
    ...{ requested, cleanGateway, link },
    ...(annotations !== undefined && { annotations }),
    ...(parent !== undefined && { parent }),
    ...(pools !== undefined && { pools })
  }
  refuseManyInOldVersion(conf, demand)
  const allocator = allocatorOf(service, cniCodes.notServing)
  const sandbox = sandboxOf(request, service)
  const { clock } = service
  const timeoutMs = timeLeft(request)
  const deadline = clock.monotonicMs() + Math.min(timeoutMs, scarceWaitMsMax) - answerMarginMs
  const question = {
    type: 'Allocate',
    key,
    pod: args.pod,
    sandbox,
    demand,
    client,
    deadline,
    ...(request.trace !== undefined && { trace: request.trace.traceId })
  } as const
  let reply: Allocated | Refused
  onAllocate(key)
  try {
    reply = await ask(allocator, question, { clock, timeoutMs })
  } catch (error) {
    allocator.insist({ type: 'Abandon', key, client })
    throw busy(service, error)
  }
  if (reply.type === 'Refused') {
    service.chronicle.note(refusalEvent(question, reply.refusal))
    throw refusalError(reply.refusal, service.node)
  }
  return resultJson(reply.attachment.assignments, conf.cniVersion)
}

function parentOf({ parent }: IpamConf, { parents }: Service): ParentLink | undefined {
  if (parent === undefined) return undefined
  return 'device' in parent ? parents.ofDevice(parent.device) : parents.named(parent.master)
}

function refuseManyInOldVersion({ cniVersion }: NetConf, { requested }: Demand): void {
  if (isAtLeast(cniVersion, '0.3.0')) return
  for (const family of families) {
    if (requested.filter(address => familyOf(address) === family).length < 2) continue
    throw new CniError(
      cniCodes.incompatibleVersion,
      `cniVersion ${cniVersion} cannot express two IPv${family} addresses of one interface; ask for one, or use 0.3.0 or later`
    )
  }
}

async function check(request: PluginRequest, conf: NetConf, service: Service): Promise<string> {
  const key = attachmentKey(request, conf.name)
  parseIpamConf(conf, request.role)
  const allocator = allocatorOf(service, cniCodes.notServing)
  const attachment = await inTime(request, service, timing =>
    ask(allocator, { type: 'Find', key }, timing)
  )
  assertPresent(attachment, conf, key, service.node)
  return ''
}

/** Never fails for what the runtime cannot help: what cannot be done now goes to the queue of the plugin. */
async function del(request: PluginRequest, service: Service): Promise<string> {
  const key = attachmentKey(request, parseNetworkName(request.conf))
  const { allocator, boot, clock } = service
  if ('why' in allocator) throw new Error(`DEL is left to the queue: ${allocator.why}`)
  const began = beganAt(request.start, boot, clock)
  const timing = { clock, timeoutMs: timeLeft(request) }
  const { durable, isDiskFull } = await ask(allocator, { type: 'Release', key, began }, timing)
  // On a full disk the queue could not keep it either, and a pod that cannot end frees nothing: it is owed.
  if (!durable && !isDiskFull) throw new Error('DEL is left to the queue: it could not be stored')
  return ''
}

async function gc(request: PluginRequest, conf: NetConf, service: Service): Promise<string> {
  const keep = attachmentsToKeep(conf)
  const allocator = allocatorOf(service, cniCodes.notServing)
  const began = beganAt(request.start, service.boot, service.clock)
  await inTime(request, service, timing =>
    ask(allocator, { type: 'Collect', network: conf.name, keep, began }, timing)
  )
  return ''
}
