// Signs of life: each side of a connection sends a byte now and then on a stream of its own, the seconds until the
// next one, and ends a connection on which none comes any more, as when a cable is cut. A ping of libp2p opens a stream each time, which would
// cost a node with a hundred peers a tenth of a core.

import { messageOf } from '../core/error-text.ts'
import type { MonotonicMs } from '../ports/clock.ts'
import type { Connection, Stream } from './libp2p-node.ts'
import {
  firstBeatMs,
  heartbeatMs,
  heartbeatMsMax,
  heartbeatMsPerConnection,
  silenceMs,
  silentBeats,
  streamMs
} from './mesh-limits.ts'
import type { Surroundings } from './surroundings.ts'

interface Watched {
  readonly connection: Connection
  silentSince: MonotonicMs
  /** How long it may be silent. */
  patienceMs: number
  /** When the next sign is due. */
  beatAt: MonotonicMs
  stream?: Stream
  isOpening: boolean
}

export class Heartbeat {
  readonly #around: Surroundings
  readonly #protocol: string
  readonly #watched = new Map<string, Watched>()
  #tickAt: MonotonicMs = 0
  #cancel: (() => void) | undefined

  constructor(around: Surroundings, protocol: string) {
    this.#around = around
    this.#protocol = protocol
  }

  start(): void {
    this.#tickAt = this.#around.clock.monotonicMs() + heartbeatMs
    this.#cancel = this.#around.clock.after(heartbeatMs, () => {
      this.#tick()
      this.start()
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#watched.clear()
  }

  onOpen(connection: Connection): void {
    // The other side may not take streams yet: it has more time for its first beat.
    const silentSince = this.#around.clock.monotonicMs() + firstBeatMs - silenceMs
    const watched: Watched = {
      ...{ connection, silentSince, patienceMs: silenceMs, beatAt: 0, isOpening: false }
    }
    this.#watched.set(connection.id, watched)
    void this.#open(watched)
  }

  onClose(connection: Connection): void {
    this.#watched.delete(connection.id)
  }

  /** A stream of beats from the other side. */
  hear(stream: Stream, connection: Connection): void {
    stream.addEventListener('message', ({ data }) => {
      const watched = this.#watched.get(connection.id)
      if (watched === undefined) return
      watched.silentSince = this.#around.clock.monotonicMs()
      const nextMs = 1_000 * (data.subarray().at(-1) ?? 0)
      watched.patienceMs = silentBeats * Math.min(Math.max(nextMs, heartbeatMs), heartbeatMsMax)
    })
  }

  #tick(): void {
    const now = this.#around.clock.monotonicMs()
    // When this process itself was held up, beats wait to be read: nobody is judged by that.
    const heldUpMs = now - this.#tickAt
    for (const watched of this.#watched.values()) {
      if (heldUpMs > heartbeatMs) watched.silentSince += heldUpMs
      if (now - watched.silentSince > watched.patienceMs) {
        watched.connection.abort(new Error('no sign of life'))
      } else if (now > watched.beatAt - heartbeatMs / 2 || watched.stream?.status !== 'open') {
        this.#beat(watched)
      }
    }
  }

  #beat(watched: Watched): void {
    const { stream } = watched
    if (stream?.status !== 'open') {
      void this.#open(watched)
      return
    }
    const wantedMs = heartbeatMsPerConnection * this.#watched.size
    const seconds = Math.floor(Math.min(Math.max(wantedMs, heartbeatMs), heartbeatMsMax) / 1_000)
    watched.beatAt = this.#around.clock.monotonicMs() + 1_000 * seconds
    try {
      if (!stream.writableNeedsDrain) stream.send(Uint8Array.of(seconds))
    } catch (error) {
      stream.abort(new Error(messageOf(error)))
    }
  }

  async #open(watched: Watched): Promise<void> {
    if (watched.isOpening || watched.connection.status !== 'open') return
    watched.isOpening = true
    try {
      const signal = AbortSignal.timeout(streamMs)
      watched.stream = await watched.connection.newStream(this.#protocol, { signal })
      this.#beat(watched)
    } catch (error) {
      const peer = watched.connection.remotePeer.toString()
      this.#around.log.debug({ peer, problem: messageOf(error) }, 'no stream for signs of life')
    }
    watched.isOpening = false
  }
}
