// The verbs of the specification (CNI 1.1.0, "Section 2: Execution Protocol"), from a decoded request to
// what the plugin prints.

import type { Allocated, AllocatorMessage, Refused } from '../actors/messages/allocator.ts'
import { ask } from '../actors/runtime/ask.ts'
import type { ActorRef } from '../actors/runtime/ref.ts'
import { families, familyOf } from '../core/address.ts'
import type { AttachmentKey } from '../core/attachment.ts'
import type { ClientId } from '../core/deliveries.ts'
import type { Demand } from '../core/demand.ts'
import { messageOf } from '../core/error-text.ts'
import type { Sandbox } from '../core/sandbox.ts'
import type { ParentLink } from '../core/selection/parent-link.ts'
import type { Chronicle } from '../ports/chronicle.ts'
import type { Clock } from '../ports/clock.ts'
import type { ParentLinks } from '../ports/parent-links.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import { assertPresent } from './check.ts'
import { beganAt } from './began.ts'
import { parseCniArgs } from './cni-args.ts'
import { CniError, cniCodes } from './cni-error.ts'
import { isAtLeast, type Verb, verbs, verbSince } from './cni-version.ts'
import { attachmentKey } from './environment.ts'
import { attachmentsToKeep } from './gc.ts'
import {
  type IpamConf,
  type NetConf,
  parseIpamConf,
  parseNetConf,
  parseNetworkName
} from './net-conf.ts'
import type { PluginRequest } from './plugin-request.ts'
import { refusalError } from './refusal-error.ts'
import { refusalEvent } from './refusal-event.ts'
import { requestedAddresses } from './requested-addresses.ts'
import { resultJson } from './result.ts'

/** How long an ADD may wait for a cooling address: well below the two minutes of usual runtimes. */
const scarceWaitMsMax = 15_000

/**
 * How much earlier than the plugin we give up, so that it still hears our reason and not just silence: far
 * more than a message on a socket takes, and little of the shortest budget, the 0.9 s of STATUS.
 */
const answerMarginMs = 200

/** The daemon as the verbs see it. Without an allocator it cannot serve, and `why` says why. */
export interface Service {
  readonly allocator: ActorRef<AllocatorMessage> | { readonly why: string }
  readonly clock: Clock
  readonly chronicle: Chronicle
  readonly probe: SandboxProbe
  readonly parents: ParentLinks
  /** The current boot id. */
  readonly boot: string
  readonly node: string
}

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
  const { role, verb } = request
  if (verb === 'DEL') return del(request, service)
  if (role !== 'orbweaver' && role !== 'spiderpool') {
    throw new CniError(
      cniCodes.invalidConfig,
      `the plugin ${role} is not served by this release of orbweaverd; install its own release together with it`
    )
  }
  if (!isVerb(verb)) {
    throw new CniError(cniCodes.badEnvironment, `environment: CNI_COMMAND ${verb} is unknown`)
  }
  const conf = parseNetConf(request.conf)
  if (!isAtLeast(conf.cniVersion, verbSince[verb])) {
    throw new CniError(
      cniCodes.incompatibleVersion,
      `config version does not allow ${verb}: cniVersion is ${conf.cniVersion}, ${verb} came with ${verbSince[verb]}`
    )
  }
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

function sandboxOf(request: PluginRequest, { probe, boot, clock }: Service): Sandbox {
  const path = request.netns
  const seen = probe.see(path)
  const refuse = (what: string) =>
    new CniError(cniCodes.invalidNamespace, `the network namespace CNI_NETNS ${path} ${what}`)
  switch (seen.type) {
    case 'Namespace':
      return {
        path,
        began: beganAt(request.start, boot, clock),
        namespace: seen.id,
        witness: seen.witness
      }
    case 'Missing':
      throw refuse(
        'does not exist for orbweaverd: the sandbox is gone, or its directory is not mounted into the container of the daemon'
      )
    case 'NotNamespace':
      throw refuse('is no namespace')
    case 'Own':
      throw refuse('is that of the host, not of a pod')
    case 'Unreadable':
      throw refuse(`cannot be looked at by orbweaverd: ${seen.why}`)
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

/** Ask within the plugin's budget; no answer is code 11. */
async function inTime<Value>(
  request: PluginRequest,
  service: Service,
  question: (timing: { clock: Clock; timeoutMs: number }) => Promise<Value>
): Promise<Value> {
  try {
    return await question({ clock: service.clock, timeoutMs: timeLeft(request) })
  } catch (error) {
    throw busy(service, error)
  }
}

function allocatorOf(
  { allocator, node }: Service,
  code: typeof cniCodes.notServing | typeof cniCodes.unavailableAndPodsAffected
): ActorRef<AllocatorMessage> {
  if (!('why' in allocator)) return allocator
  throw new CniError(code, `${node} serves no addresses: ${allocator.why}`)
}

function busy({ node }: Service, error: unknown): CniError {
  return new CniError(
    cniCodes.tryAgain,
    `orbweaverd on ${node} could not answer in time; the runtime will try again`,
    messageOf(error)
  )
}

/** For how many milliseconds the allocator may be waited for. */
function timeLeft({ budget }: PluginRequest): number {
  return Math.max(1, budget - answerMarginMs)
}

/** DEL is carried out before anything else is looked at. */
function isVerb(text: string): text is Exclude<Verb, 'DEL'> {
  return (verbs as readonly string[]).includes(text)
}
