// The daemon as the verbs see it, and how long they may ask it.

import type { AllocatorMessage } from '../actors/messages/allocator.ts'
import type { ActorRef } from '../actors/runtime/ref.ts'
import { messageOf } from '../core/error-text.ts'
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

/** Without an allocator, a coordinator and a maker of parents it cannot serve, and `why` says why. */
export interface Service {
  readonly allocator: ActorRef<AllocatorMessage> | { readonly why: string }
  readonly coordinator: Coordinator | { readonly why: string }
  readonly parentMaker: ParentMaker | { readonly why: string }
  readonly clock: Clock
  readonly chronicle: Chronicle
  readonly probe: SandboxProbe
  readonly parents: ParentLinks
  /** The current boot id. */
  readonly boot: string
  readonly node: string
}

/** Ask within the plugin's budget; no answer is code 11. */
export async function inTime<Value>(
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

export function allocatorOf(
  { allocator, node }: Service,
  code: typeof cniCodes.notServing | typeof cniCodes.unavailableAndPodsAffected
): ActorRef<AllocatorMessage> {
  if (!('why' in allocator)) return allocator
  throw new CniError(code, `${node} serves no addresses: ${allocator.why}`)
}

export function busy({ node }: Service, error: unknown): CniError {
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
