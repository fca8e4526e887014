// REAPER: finds attachments whose network namespace is certainly gone though no DEL came for them, or stands empty
// and belongs to a pod that is over. A first look only makes it suspicious; what is so still after the grace period is
// released.

import { type Attachment, keyText } from '../core/attachment.ts'
import { type Census, judgeSandbox, standsEmpty, type Verdict } from '../core/sandbox.ts'
import type { Log } from '../ports/log.ts'
import type { PodFacts } from '../ports/pod-facts.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import { Hearsay } from './hearsay.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { ReaperMessage, SandboxesSighted } from './messages/reaper.ts'
import type { ActorContext, Behaviour } from './runtime/behaviour.ts'
import { ask } from './runtime/ask.ts'
import type { ActorRef } from './runtime/ref.ts'

const mailboxLimit = 64
const listTimeoutMs = 10_000

/** The least grace of pods that are over by what is told: who writes it down may be in the middle of it. */
const hearsayMs = 10_000

export interface ReaperOptions {
  readonly allocator: ActorRef<AllocatorMessage>
  readonly probe: SandboxProbe
  readonly facts: PodFacts
  readonly log: Log
  /** The current boot id. */
  readonly boot: string
  readonly everyMs: number
  readonly graceMs: number
}

interface Suspicion {
  readonly attachment: Attachment
  readonly since: number
  readonly cause: Finding['cause']
}

interface Finding {
  /** Whether its namespace is gone, or its pod is said to be over. */
  readonly cause: 'Sandbox' | 'Hearsay'
  readonly why: string
  /** How long it must have been found so. */
  readonly waitMs: number
}

interface State {
  readonly hearsay: Hearsay
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
      return { hearsay: new Hearsay(options.facts), suspicions: new Map(), said: new Set() }
    },
    describe: ({ suspicions }) => ({ suspected: suspicions }),
    receive: (state, message, context) => {
      if (message.type === 'SandboxesSighted') {
        context.schedule('tick', options.everyMs, { type: 'ReapTick' })
        return judge(state, message, context, options)
      }
      context.pipe(
        look(state, options, context),
        sighted => ({ type: 'SandboxesSighted', ...sighted }),
        error => {
          options.log.warn({ error }, 'a look for pods that are gone failed; it is tried again')
          return { type: 'SandboxesSighted', attachments: [], sightings: [], over: new Set() }
        }
      )
      return state
    }
  }
}

async function look(
  { hearsay, suspicions }: State,
  { allocator, probe, graceMs }: ReaperOptions,
  { clock }: Context
): Promise<Omit<SandboxesSighted, 'type'>> {
  const timing = { clock, timeoutMs: listTimeoutMs }
  const attachments = await ask(allocator, { type: 'ListAttachments' }, timing)
  const sightings = await probe.sight(attachments.map(({ sandbox }) => sandbox))
  const over = hearsay.over(attachments)
  const due = clock.monotonicMs() - patience(graceMs)
  const isDue = [...over].some(key => {
    const suspicion = suspicions.get(key)
    return suspicion?.cause === 'Hearsay' && suspicion.since <= due
  })
  return { attachments, sightings, over, census: isDue ? await probe.census() : undefined }
}

function judge(
  before: State,
  { attachments, sightings, over, census }: SandboxesSighted,
  { clock }: Context,
  options: ReaperOptions
): State {
  const { allocator, log } = options
  const now = clock.monotonicMs()
  const suspicions = new Map<string, Suspicion>()
  const said = new Set(before.said)
  for (const [i, attachment] of attachments.entries()) {
    const sighting = sightings[i]
    const { sandbox } = attachment
    const verdict = sighting && judgeSandbox(sandbox, sighting)
    if (verdict === undefined) continue
    const key = keyText(attachment.key)
    if (verdict.type === 'Unknown') {
      const { why } = verdict
      if (!said.has(why)) log.warn({ key, why }, 'whether pods are gone cannot be told for some')
      said.add(why)
    }
    const finding = find(attachment, verdict, over.has(key), census, options)
    if (finding === undefined) continue
    const { cause, why, waitMs } = finding
    const { began } = sandbox
    const known = before.suspicions.get(key)
    const isSame = known?.attachment.sandbox.began.ns === began.ns && known.cause === cause
    const suspicion = isSame ? known : { attachment, since: now, cause }
    suspicions.set(key, suspicion)
    if (now - suspicion.since >= waitMs) {
      allocator.tell({ type: 'Reap', key: attachment.key, began, why })
    } else {
      log.debug({ key, why }, 'a pod seems to be gone; its addresses wait')
    }
  }
  return { hearsay: before.hearsay, suspicions, said }
}

function find(
  { sandbox, assignments }: Attachment,
  verdict: Verdict,
  isOver: boolean,
  census: Census | undefined,
  { boot, graceMs }: ReaperOptions
): Finding | undefined {
  if (verdict.type === 'Gone') {
    // Nothing survives a reboot, so that needs no second look.
    const waitMs = sandbox.began.boot === boot ? graceMs : 0
    return { cause: 'Sandbox', why: verdict.why, waitMs }
  }
  if (!isOver) return undefined
  const addresses = assignments.map(({ address }) => address)
  const isEmpty = census !== undefined && standsEmpty(sandbox, addresses, census)
  return isEmpty
    ? {
        cause: 'Hearsay',
        why: 'its pod is over and its namespace empty',
        waitMs: patience(graceMs)
      }
    : { cause: 'Hearsay', why: 'its pod is said to be over', waitMs: Infinity }
}

function patience(graceMs: number): number {
  return Math.max(graceMs, hearsayMs)
}
