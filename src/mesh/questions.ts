// Question and answer over a stream of their own, which shows that the answer was given after the question.

import { messageStreamToDuplex } from '@libp2p/utils'
import { pipe } from 'it-pipe'
import { messageOf } from '../core/error-text.ts'
import { framed, unframed } from './frames.ts'
import type { Connection, Stream } from './libp2p-node.ts'
import { questionMs } from './mesh-limits.ts'
import type { Surroundings } from './surroundings.ts'
import { questionBytesMax } from './wire-limits.ts'

export type Answer = (peer: string, question: Uint8Array) => Promise<Uint8Array>

/** Rejects when there is no answer in time. */
export async function askOver(
  connecting: Promise<Connection>,
  protocol: string,
  question: Uint8Array,
  { clock }: Surroundings
): Promise<Uint8Array> {
  if (question.length > questionBytesMax) throw new Error('the question is too long')
  const given = new AbortController()
  const cancel = clock.after(questionMs, () => given.abort(new Error('no answer in time')))
  const late = new Promise<never>((_resolve, reject) => {
    given.signal.addEventListener('abort', () => reject(given.signal.reason as Error))
  })
  try {
    const exchange = exchangeOver(connecting, protocol, question, given.signal)
    // Whoever comes second is nobody's concern any more.
    exchange.catch(() => {})
    return await Promise.race([exchange, late])
  } finally {
    cancel()
    late.catch(() => {})
  }
}

async function exchangeOver(
  connecting: Promise<Connection>,
  protocol: string,
  question: Uint8Array,
  signal: AbortSignal
): Promise<Uint8Array> {
  const connection = await connecting
  const stream = await connection.newStream(protocol, { signal })
  const giveUp = () => stream.abort(new Error('no answer in time'))
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    const answer = await pipe([framed([question])], messageStreamToDuplex(stream), firstFrame)
    if (answer === undefined) throw new Error('the peer has no answer')
    return answer
  } finally {
    signal.removeEventListener('abort', giveUp)
    if (stream.status === 'open') stream.abort(new Error('the question is done'))
  }
}

/** Read one question and answer it. Never rejects. */
export async function answerOver(
  stream: Stream,
  peer: string,
  answer: Answer,
  { clock, log }: Surroundings
): Promise<void> {
  const cancel = clock.after(questionMs, () => stream.abort(new Error('no answer in time')))
  try {
    const duplex = messageStreamToDuplex(stream)
    await pipe(
      duplex,
      async function* (source) {
        const question = await firstFrame(source)
        if (question === undefined) return
        const reply = await answer(peer, question)
        if (reply.length > questionBytesMax) throw new Error('the answer is too long')
        yield framed([reply])
      },
      duplex
    )
  } catch (error) {
    log.debug({ peer, problem: messageOf(error) }, 'question not answered')
    stream.abort(new Error('no answer'))
  } finally {
    cancel()
  }
}

async function firstFrame(
  source: AsyncIterable<Uint8Array | { subarray(): Uint8Array }>
): Promise<Uint8Array | undefined> {
  for await (const frame of unframed(questionBytesMax)(source)) return Uint8Array.from(frame)
  return undefined
}
