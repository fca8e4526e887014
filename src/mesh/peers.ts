// Where peers are, and the connections that are kept open to them: to everybody in a cluster of usual size, to
// some chosen by chance in a large one; to others when there is something to say.

import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { messageOf } from '../core/error-text.ts'
import type { MonotonicMs } from '../ports/clock.ts'
import type { Connection } from './libp2p-node.ts'
import {
  backgroundDialsMax,
  courtesyMs,
  dialAddressesMax,
  dialMs,
  discoveredFailuresMax,
  fullMeshMax,
  keptPeersMax,
  learnedPeersMax,
  redialFirstMs
} from './mesh-limits.ts'
import { connectionTo, pauseAfter, type Surroundings } from './surroundings.ts'

/** How long a dial waits for its turn, by chance up to this. */
const turnMs = 100

interface Learned {
  readonly peer: string
  /** Decides by chance who is kept in a large cluster. */
  readonly rank: number
  /** Nobody vouches for it: it was found on the link. */
  isDiscovered: boolean
  addresses: readonly string[]
  failures: number
  notBefore: MonotonicMs
  dialling?: Promise<Connection>
  cancel?: () => void
}

export class Peers {
  readonly #around: Surroundings
  readonly #self: string
  readonly #learned = new Map<string, Learned>()
  #kept: ReadonlySet<string> | undefined
  #background = 0
  #isStopped = false

  constructor(around: Surroundings) {
    this.#around = around
    this.#self = around.node.peerId.toString()
  }

  learn(peer: string, addresses: readonly string[]): void {
    if (peer === this.#self || this.#around.peerIdOf(peer) === undefined) return
    const known = this.#learned.get(peer)
    if (known === undefined) {
      const entry = this.#remember(peer, addresses)
      if (entry !== undefined) this.#keep(entry, this.#courtesy(peer))
      return
    }
    known.isDiscovered = false
    if (known.addresses.join() === addresses.join()) return this.#hurry(known)
    known.addresses = addresses.slice(0, dialAddressesMax)
    known.failures = 0
    known.notBefore = 0
    this.#keep(known, this.#courtesy(peer))
  }

  /** A peer that shows itself; what others say about it counts more. */
  discover(peer: string, addresses: readonly string[]): void {
    if (!this.#around.isDiscovering || addresses.length === 0 || this.#learned.has(peer)) return
    this.learn(peer, addresses)
    const entry = this.#learned.get(peer)
    if (entry !== undefined) entry.isDiscovered = true
  }

  /** Connect again to a peer that has gone. */
  onClosed(peer: string): void {
    const entry = this.#learned.get(peer)
    if (entry !== undefined) this.#keep(entry, this.#courtesy(peer))
  }

  /** The connection that there is, or a new one. Rejects when there is none within the time of a dial. */
  async connect(peer: string): Promise<Connection> {
    const open = connectionTo(this.#around, peer)
    if (open !== undefined) return open
    const entry = this.#learned.get(peer) ?? this.#remember(peer, [])
    if (entry === undefined) throw new Error('too many peers are known')
    if (entry.dialling !== undefined) return await entry.dialling
    // Who asks for it may try every second, however long the pause has become.
    const wait = entry.notBefore - this.#around.clock.monotonicMs()
    if (entry.failures > 0 && wait > redialFirstMs * (entry.failures - 1)) {
      throw new Error('not reachable a moment ago')
    }
    return await this.#dial(entry)
  }

  stop(): void {
    this.#isStopped = true
    for (const entry of this.#learned.values()) entry.cancel?.()
    this.#learned.clear()
  }

  #remember(peer: string, addresses: readonly string[]): Learned | undefined {
    if (this.#learned.size >= learnedPeersMax || this.#isStopped) return undefined
    const entry: Learned = {
      peer,
      rank: this.#around.random.next(),
      isDiscovered: false,
      addresses: addresses.slice(0, dialAddressesMax),
      failures: 0,
      notBefore: 0
    }
    this.#learned.set(peer, entry)
    this.#kept = undefined
    return entry
  }

  /** One of two peers dials at once; the other waits for it, and dials when nothing came. */
  #courtesy(peer: string): number {
    const haste = this.#around.random.next() * 200
    return this.#self < peer ? haste : courtesyMs + haste
  }

  /** Somebody has heard of it: dials that failed before are no reason to wait any longer. */
  #hurry(entry: Learned): void {
    if (entry.failures === 0 || entry.dialling !== undefined) return
    entry.failures = 0
    entry.notBefore = 0
    this.#keep(entry, this.#courtesy(entry.peer))
  }

  #isKept(entry: Learned): boolean {
    if (entry.addresses.length === 0) return false
    if (this.#learned.size <= fullMeshMax) return true
    this.#kept ??= new Set(
      [...this.#learned.values()]
        .sort((a, b) => a.rank - b.rank)
        .slice(0, keptPeersMax)
        .map(({ peer }) => peer)
    )
    return this.#kept.has(entry.peer)
  }

  #keep(entry: Learned, delayMs: number): void {
    entry.cancel?.()
    if (this.#isStopped || !this.#isKept(entry)) return
    entry.cancel = this.#around.clock.after(delayMs, () => this.#redial(entry))
  }

  #redial(entry: Learned): void {
    if (entry.dialling !== undefined || connectionTo(this.#around, entry.peer)) return
    if (this.#background >= backgroundDialsMax) {
      this.#keep(entry, this.#around.random.next() * turnMs)
      return
    }
    this.#background += 1
    this.#dial(entry)
      .catch((error: unknown) => {
        const { peer, addresses } = entry
        this.#around.log.debug({ peer, addresses, problem: messageOf(error) }, 'peer not reached')
      })
      .finally(() => (this.#background -= 1))
  }

  #dial(entry: Learned): Promise<Connection> {
    const dialling = this.#tryToReach(entry).finally(() => delete entry.dialling)
    entry.dialling = dialling
    return dialling
  }

  async #tryToReach(entry: Learned): Promise<Connection> {
    const { node, clock, random } = this.#around
    try {
      const signal = AbortSignal.timeout(dialMs)
      const connection = await node.dial(this.#targetOf(entry), { signal })
      entry.failures = 0
      return connection
    } catch (error) {
      entry.failures += 1
      const pause = pauseAfter(entry.failures, random)
      entry.notBefore = clock.monotonicMs() + pause
      const isNobody = entry.isDiscovered && entry.failures >= discoveredFailuresMax
      if (entry.addresses.length === 0 || isNobody) this.#learned.delete(entry.peer)
      else this.#keep(entry, pause)
      throw error
    }
  }

  /** What others say about it, and every second time what it has said itself when it was last connected. */
  #targetOf({ peer, addresses, failures }: Learned): Multiaddr[] | Connection['remotePeer'] {
    const id = this.#around.peerIdOf(peer)
    if (id === undefined) throw new Error(`"${peer}" is no peer id`)
    if (addresses.length === 0 || failures % 2 === 1) return id
    return addresses.map(address => {
      const bare = multiaddr(address)
      return address.includes('/p2p/') ? bare : bare.encapsulate(`/p2p/${peer}`)
    })
  }
}
