// What peers say on their streams: cut into frames, decoded, measured, and passed on. Whatever comes, this
// process goes on and other streams do not wait.

import { messageStreamToDuplex } from '@libp2p/utils'
import { pipe } from 'it-pipe'
import { messageOf } from '../core/error-text.ts'
import type { Envelope } from '../core/protocol.ts'
import { Allowance } from './allowance.ts'
import { channelOf, type Channel } from './channels.ts'
import { decodeEnvelope } from './codec.ts'
import type { Complaints } from './complaints.ts'
import { unframed } from './frames.ts'
import type { Stream } from './libp2p-node.ts'
import { learnedPeersMax } from './mesh-limits.ts'
import type { Surroundings } from './surroundings.ts'
import { frameBytesMax } from './wire-limits.ts'

export type TakeMessage = (peer: string, envelope: Envelope) => void

export class Inbound {
  readonly #around: Surroundings
  readonly #complaints: Complaints
  readonly #allowances = new Map<string, Allowance>()
  /** How often reading paused since a peer said too much. */
  pauses = 0

  constructor(around: Surroundings, complaints: Complaints) {
    this.#around = around
    this.#complaints = complaints
  }

  /** Of this peer, over all of its streams. */
  allowanceOf(peer: string): Allowance {
    const known = this.#allowances.get(peer)
    if (known !== undefined) return known
    if (this.#allowances.size >= learnedPeersMax) this.#forget()
    const allowance = new Allowance(this.#around.clock)
    this.#allowances.set(peer, allowance)
    return allowance
  }

  /** Read until the stream ends. Never rejects. */
  async read(stream: Stream, peer: string, channel: Channel, take: TakeMessage): Promise<void> {
    const allowance = this.allowanceOf(peer)
    try {
      await pipe(
        messageStreamToDuplex(stream).source,
        unframed(frameBytesMax),
        async (frames: AsyncIterable<Uint8Array>) => {
          for await (const frame of frames) {
            this.#take(frame, peer, channel, take)
            const debtMs = allowance.charge(frame.length)
            if (debtMs > 0) await this.#pause(stream, debtMs)
          }
        }
      )
      await stream.close()
    } catch (error) {
      if (stream.status === 'open') {
        this.#complaints.about(peer, messageOf(error))
        stream.abort(new Error('no frames'))
      }
    }
  }

  /**
   * A frame that cannot be read is dropped and the stream goes on: a later release may say what this one does
   * not know, and what else it says on this stream is wanted.
   */
  #take(frame: Uint8Array, peer: string, channel: Channel, take: TakeMessage): void {
    const envelope = decodeEnvelope(frame)
    if ('problem' in envelope) {
      this.#complaints.about(peer, envelope.problem)
    } else if (channelOf(envelope.body.type) !== channel) {
      this.#complaints.about(peer, `${envelope.body.type} on the channel ${channel}`)
    } else {
      take(peer, envelope)
    }
  }

  /** The window of the stream fills while nobody reads, and then the peer has to wait. */
  async #pause(stream: Stream, ms: number): Promise<void> {
    this.pauses += 1
    stream.pause()
    await new Promise<void>(resolve => this.#around.clock.after(ms, resolve))
    stream.resume()
  }

  #forget(): void {
    for (const [peer, allowance] of this.#allowances) {
      if (allowance.isFull()) this.#allowances.delete(peer)
    }
    if (this.#allowances.size >= learnedPeersMax) this.#allowances.clear()
  }
}
