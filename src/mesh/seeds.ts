// The configured addresses: who is there is learned by going there. Tried for ever, since after a power cut
// nobody may know anything but them.

import { lookup } from 'node:dns/promises'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { messageOf } from '../core/error-text.ts'
import { dialMs, seedAddressesMax, seedCheckMs } from './mesh-limits.ts'
import { connectionTo, pauseAfter, type Surroundings } from './surroundings.ts'

const named = /^\/(dns|dns4|dns6)\/([^/]+)(\/.*)$/

interface Seed {
  readonly address: string
  failures: number
  cancel?: () => void
  isTrying: boolean
}

export class Seeds {
  readonly #around: Surroundings
  readonly #seeds: readonly Seed[]
  /** Who was found behind an address, or this node itself. */
  readonly #found = new Map<string, string>()
  #isStopped = false

  constructor(around: Surroundings, addresses: readonly string[]) {
    this.#around = around
    this.#seeds = addresses.map(address => ({ address, failures: 0, isTrying: false }))
  }

  start(): void {
    for (const seed of this.#seeds) this.#later(seed, this.#around.random.next() * 200)
  }

  /** Look again soon: somebody has gone who may have been found behind one of these addresses. */
  onClosed(peer: string): void {
    if (![...this.#found.values()].includes(peer)) return
    for (const seed of this.#seeds) {
      if (!seed.isTrying) this.#later(seed, this.#around.random.next() * 1000)
    }
  }

  stop(): void {
    this.#isStopped = true
    for (const seed of this.#seeds) seed.cancel?.()
  }

  #later(seed: Seed, delayMs: number): void {
    seed.cancel?.()
    if (this.#isStopped) return
    seed.cancel = this.#around.clock.after(delayMs, () => void this.#visit(seed))
  }

  async #visit(seed: Seed): Promise<void> {
    const { random } = this.#around
    seed.isTrying = true
    const isFine = await this.#reachAll(seed.address)
    seed.isTrying = false
    seed.failures = isFine ? 0 : seed.failures + 1
    const pause = isFine ? seedCheckMs * (0.5 + random.next()) : pauseAfter(seed.failures, random)
    this.#later(seed, pause)
  }

  /** Whether there is a connection to every address behind this one. */
  async #reachAll(address: string): Promise<boolean> {
    try {
      const targets = await targetsOf(address)
      // One that does not answer must not hold up the others.
      const reached = await Promise.all(targets.map(target => this.#reach(target)))
      return reached.length > 0 && reached.every(Boolean)
    } catch (error) {
      this.#around.log.debug({ address, problem: messageOf(error) }, 'address not resolved')
      return false
    }
  }

  async #reach(target: Multiaddr): Promise<boolean> {
    const { node, log } = this.#around
    const address = target.toString()
    const self = node.peerId.toString()
    const peer = this.#found.get(address)
    if (peer === self || (peer !== undefined && connectionTo(this.#around, peer))) return true
    try {
      const connection = await node.dial(target, { signal: AbortSignal.timeout(dialMs) })
      this.#remember(address, connection.remotePeer.toString())
      return true
    } catch (error) {
      // What libp2p calls it when the one at the other end is this node.
      if (error instanceof Error && error.name === 'InvalidPeerIdError') {
        this.#remember(address, self)
        return true
      }
      this.#found.delete(address)
      log.debug({ address, problem: messageOf(error) }, 'configured peer not reached')
      return false
    }
  }

  #remember(address: string, peer: string): void {
    if (this.#found.size >= this.#seeds.length * seedAddressesMax) this.#found.clear()
    this.#found.set(address, peer)
  }
}

/** A name may stand for many nodes, so all of its addresses are targets. */
async function targetsOf(address: string): Promise<Multiaddr[]> {
  const [, kind, host, rest] = named.exec(address) ?? []
  if (host === undefined || rest === undefined) return [multiaddr(address)]
  const family = kind === 'dns4' ? 4 : kind === 'dns6' ? 6 : 0
  const found = await lookup(host, { all: true, family })
  return found
    .slice(0, seedAddressesMax)
    .map(entry => multiaddr(`/ip${entry.family === 4 ? 4 : 6}/${entry.address}${rest}`))
}
