// REAPER: finds attachments whose network namespace is certainly gone though no DEL came for them. A first
// look only makes it suspicious; what is still gone after the grace period is released.

import { type Attachment, keyText } from '../core/attachment.ts'
import { judgeSandbox, type SandboxSighting } from '../core/sandbox.ts'
import type { Log } from '../ports/log.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import type { AllocatorMessage, ReaperMessage } from './messages.ts'
import type { ActorContext, Behaviour } from './runtime/actor-system.ts'
import { ask } from './runtime/ask.ts'
import type { ActorRef } from './runtime/ref.ts'

const mailboxLimit = 64
const listTimeoutMs = 10_000

export interface ReaperOptions {
  readonly allocator: ActorRef<AllocatorMessage>
  readonly probe: SandboxProbe
  readonly log: Log
  /** The current boot id. */
  readonly boot: string
  readonly everyMs: number
  readonly graceMs: number
}

interface Suspicion {
  readonly attachment: Attachment
  readonly since: number
}

type State = ReadonlyMap<string, Suspicion>
type Context = ActorContext<ReaperMessage>

export function reaper(options: ReaperOptions): Behaviour<ReaperMessage, State> {
  return {
    name: 'reaper',
    mailboxLimit,
    start: context => {
      context.schedule('tick', 0, { type: 'ReapTick' })
      return new Map()
    },
    receive: (suspicions, message, context) => {
      if (message.type === 'SandboxesSighted') {
        const { attachments, sightings } = message
        context.schedule('tick', options.everyMs, { type: 'ReapTick' })
        return judge(suspicions, attachments, sightings, context, options)
      }
      context.pipe(
        look(options, context),
        sighted => ({ type: 'SandboxesSighted', ...sighted }),
        () => ({ type: 'SandboxesSighted', attachments: [], sightings: [] })
      )
      return suspicions
    }
  }
}

async function look(
  { allocator, probe }: ReaperOptions,
  { clock }: Context
): Promise<{ attachments: readonly Attachment[]; sightings: readonly SandboxSighting[] }> {
  const timing = { clock, timeoutMs: listTimeoutMs }
  const attachments = await ask(allocator, { type: 'ListAttachments' }, timing)
  const sightings = await probe.sight(attachments.map(({ sandbox }) => sandbox))
  return { attachments, sightings }
}

function judge(
  before: State,
  attachments: readonly Attachment[],
  sightings: readonly SandboxSighting[],
  { clock }: Context,
  { allocator, log, boot, graceMs }: ReaperOptions
): State {
  const now = clock.monotonicMs()
  const after = new Map<string, Suspicion>()
  for (const [i, attachment] of attachments.entries()) {
    const sighting = sightings[i]
    const verdict = sighting && judgeSandbox(attachment.sandbox, sighting)
    if (verdict?.type !== 'Gone') continue
    const key = keyText(attachment.key)
    const known = before.get(key)
    const same = known?.attachment.sandbox.began.ns === attachment.sandbox.began.ns
    const suspicion = same && known !== undefined ? known : { attachment, since: now }
    // Nothing survives a reboot, so that needs no second look.
    const rebooted = attachment.sandbox.began.boot !== boot
    if (rebooted || now - suspicion.since >= graceMs) {
      const { began } = attachment.sandbox
      allocator.tell({ type: 'Reap', key: attachment.key, began, why: verdict.why })
    } else {
      log.debug({ key, why: verdict.why }, 'a pod seems to be gone; its addresses wait')
    }
    after.set(key, suspicion)
  }
  return after
}
