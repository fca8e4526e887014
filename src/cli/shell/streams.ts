// What goes on: the messages of an actor and the events of the node, asked for in small pieces until it is enough.

import { setTimeout as pause } from 'node:timers/promises'
import { timeText } from './actor-views.ts'
import type { Shell, Turn } from './shell.ts'

/** A person reads no faster; a node should not notice it. */
const everyMs = 250
const scriptTraceSeconds = 5
const firstEvents = 20
const lineMax = 240

interface TraceAnswer {
  readonly last: number
  readonly missed: number
  readonly messages: readonly {
    readonly n: number
    readonly at: string
    readonly tookMs: number
    readonly waiting: number
    readonly message: { readonly type?: string }
  }[]
}

export async function trace(
  shell: Shell,
  path: string,
  seconds: number | undefined,
  turn: Turn
): Promise<void> {
  let after = 0
  await untilEnough(
    seconds ?? (turn.isInteractive ? Infinity : scriptTraceSeconds),
    turn,
    async () => {
      const query = { path, after: String(after) }
      const { messages, last, missed } = await shell.orb.look<TraceAnswer>('/v1/trace', query)
      if (missed > 0) shell.out(`... ${missed} messages went by too fast\n`)
      for (const { at, tookMs, waiting, message } of messages) {
        const { type = '', ...fields } = message
        const line = `${at.slice(11, 23)} ${timeText(tookMs).padStart(7)} ${waiting} ${type} ${brief(fields)}`
        shell.out(`${line.trimEnd()}\n`)
      }
      after = last
    }
  )
}

interface EventsAnswer {
  readonly next: string
  readonly events: readonly { readonly at: string; readonly type: string; readonly text: string }[]
}

export async function tail(shell: Shell, seconds: number | undefined, turn: Turn): Promise<void> {
  let query: Record<string, string> = { last: String(firstEvents) }
  await untilEnough(seconds ?? (turn.isInteractive ? Infinity : 0), turn, async () => {
    const { events, next } = await shell.orb.look<EventsAnswer>('/v1/events', query)
    for (const { at, type, text } of events) {
      shell.out(`${at.slice(11, 23)} ${type}: ${text}\n`)
    }
    query = { after: next }
  })
}

/** Once at least. */
async function untilEnough(
  seconds: number,
  { signal }: Turn,
  step: () => Promise<void>
): Promise<void> {
  const deadline = performance.now() + seconds * 1_000
  for (;;) {
    await step()
    if (signal.aborted || performance.now() + everyMs > deadline) return
    await pause(everyMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
  }
}

function brief(fields: object): string {
  const text = JSON.stringify(fields)
  if (text === '{}') return ''
  return text.length <= lineMax ? text : `${text.slice(0, lineMax)}...`
}
