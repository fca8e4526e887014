// REAPER: finds attachments whose network namespace is certainly gone though no DEL came for them. A first
// look only makes it suspicious; what is still gone after the grace period is released.

import { type Attachment, keyText } from '../core/attachment.ts'
import { judgeSandbox, type SandboxSighting } from '../core/sandbox.ts'
import type { Log } from '../ports/log.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { ReaperMessage, SandboxesSighted } from './messages/reaper.ts'
import type { ActorContext, Behaviour } from './runtime/behaviour.ts'
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

interface State {
  readonly suspicions: ReadonlyMap<string, Suspicion>
  /** What people have been told already. */
  readonly said: ReadonlySet<string>
}
type Context = ActorContext<ReaperMessage>

export function reaper(options: ReaperOptions): Behaviour<ReaperMessage, State> {
  return {
    name: 'reaper',
    mailboxLimit,
    start: context => {
      context.schedule('tick', 0, { type: 'ReapTick' })
      return { suspicions: new Map(), said: new Set() }
    },
    receive: (state, message, context) => {
      if (message.type === 'SandboxesSighted') {
        context.schedule('tick', options.everyMs, { type: 'ReapTick' })
        return judge(state, message, context, options)
      }
      context.pipe(
        look(options, context),
        sighted => ({ type: 'SandboxesSighted', ...sighted }),
        error => {
          options.log.warn({ error }, 'a look for pods that are gone failed; it is tried again')
          return { type: 'SandboxesSighted', attachments: [], sightings: [] }
        }
      )
      return state
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
  { attachments, sightings }: SandboxesSighted,
  { clock }: Context,
  { allocator, log, boot, graceMs }: ReaperOptions
): State {
  const now = clock.monotonicMs()
  const suspicions = new Map<string, Suspicion>()
  const said = new Set(before.said)
  for (const [i, attachment] of attachments.entries()) {
    const sighting = sightings[i]
    const verdict = sighting && judgeSandbox(attachment.sandbox, sighting)
    if (verdict === undefined || verdict.type === 'Alive') continue
    const key = keyText(attachment.key)
    if (verdict.type === 'Unknown') {
      const { why } = verdict
      if (!said.has(why)) log.warn({ key, why }, 'whether pods are gone cannot be told for some')
      said.add(why)
      continue
    }
    const { began } = attachment.sandbox
    const known = before.suspicions.get(key)
    const isSame = known?.attachment.sandbox.began.ns === began.ns
    const suspicion = isSame && known !== undefined ? known : { attachment, since: now }
    suspicions.set(key, suspicion)
    // Nothing survives a reboot, so that needs no second look.
    if (began.boot !== boot || now - suspicion.since >= graceMs) {
      allocator.tell({ type: 'Reap', key: attachment.key, began, why: verdict.why })
    } else {
      log.debug({ key, why: verdict.why }, 'a pod seems to be gone; its addresses wait')
    }
  }
  return { suspicions, said }
}
