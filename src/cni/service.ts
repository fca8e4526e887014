// The daemon as the verbs see it, those of addresses and those of the chained plugins, and how long they may ask it.

import type { AllocatorMessage } from '../actors/messages/allocator.ts'
import type { ActorRef } from '../actors/runtime/ref.ts'
import { messageOf } from '../core/error-text.ts'
import type { Moment } from '../core/sandbox.ts'
import type { Chronicle } from '../ports/chronicle.ts'
import type { Clock } from '../ports/clock.ts'
import type { Coordinator } from '../ports/coordinator.ts'
import type { ParentMaker } from '../ports/parent-maker.ts'
import type { ParentLinks } from '../ports/parent-links.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import { CniError, cniCodes } from './cni-error.ts'
import type { PluginRequest } from './plugin-request.ts'

/**
 * How much earlier than the plugin we give up, so that it still hears our reason and not just silence: far
 * more than a message on a socket takes, and little of the shortest budget, the 0.9 s of STATUS.
 */
export const answerMarginMs = 200

export interface Surroundings {
  readonly clock: Clock
  readonly chronicle: Chronicle
  readonly probe: SandboxProbe
  /** The current boot id. */
  readonly boot: string
  readonly node: string
}

/** Without an allocator it cannot serve, and `why` says why. */
export interface Service extends Surroundings {
  readonly allocator: ActorRef<AllocatorMessage> | { readonly why: string }
  readonly parents: ParentLinks
}

/** For the plugins that come before and behind a main plugin. */
export interface ChainedService extends Surroundings {
  readonly coordinator: Coordinator
  readonly parentMaker: ParentMaker
  readonly collect: CollectAddresses
}

export interface Collection {
  readonly network: string
  /** Texts of the keys of attachments that stay. */
  readonly keep: ReadonlySet<string>
  /** What began later stays too. */
  readonly began: Moment
}

/**
 * Release the addresses of all other attachments of a network; otherwise the sentence why none can be. Rejects when it is not
 * done in time.
 */
export type CollectAddresses = (
  collection: Collection,
  timeoutMs: number
) => Promise<string | undefined>

/** Ask within the plugin's budget; no answer is code 11. */
export async function inTime<Value>(
  request: PluginRequest,
  service: Surroundings,
  question: (timing: { clock: Clock; timeoutMs: number }) => Promise<Value>
): Promise<Value> {
  try {
    return await question({ clock: service.clock, timeoutMs: timeLeft(request) })
  } catch (error) {
    throw busy(service, error)
  }
}

export function allocatorOf(
  { allocator, node }: Service,
  code: typeof cniCodes.notServing | typeof cniCodes.unavailableAndPodsAffected
): ActorRef<AllocatorMessage> {
  if (!('why' in allocator)) return allocator
  throw new CniError(code, `${node} serves no addresses: ${allocator.why}`)
}

export function busy({ node }: Surroundings, error: unknown): CniError {
  return new CniError(
    cniCodes.tryAgain,
    `orbweaverd on ${node} could not answer in time; the runtime will try again`,
    messageOf(error)
  )
}

/** For how many milliseconds the allocator may be waited for. */
export function timeLeft({ budget }: PluginRequest): number {
  return Math.max(1, budget - answerMarginMs)
}
