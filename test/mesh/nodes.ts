// Meshes in one process, with what they have heard.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Envelope } from '../../src/core/protocol.ts'
import { systemClock } from '../../src/host/system-clock.ts'
import { createMesh, type MeshOptions } from '../../src/mesh/create-mesh.ts'
import type { Libp2pMesh } from '../../src/mesh/libp2p-mesh.ts'
import type { MeshListener } from '../../src/ports/mesh.ts'
import type { Random } from '../../src/ports/random.ts'

export const random: Random = {
  next: Math.random,
  hex: bytes => randomBytes(bytes).toString('hex')
}

export const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export function clusterKeyOf(digit: string): Uint8Array {
  return Buffer.from(`/key/swarm/psk/1.0.0/\n/base16/\n${digit.repeat(64)}`)
}

export interface Heard {
  readonly peer: string
  readonly envelope: Envelope
}

export class Listener implements MeshListener {
  readonly messages: Heard[] = []
  readonly rumours: Heard[] = []
  readonly reached: string[] = []
  answer = async (_peer: string, question: Uint8Array): Promise<Uint8Array> => question
  onHeard: ((heard: Heard) => void) | undefined

  onMessage(peer: string, envelope: Envelope): void {
    this.messages.push({ peer, envelope })
    this.onHeard?.({ peer, envelope })
  }

  onRumour(peer: string, envelope: Envelope): void {
    this.rumours.push({ peer, envelope })
  }

  onReachable(peer: string, reachable: boolean): void {
    this.reached.push(`${reachable ? '+' : '-'}${peer}`)
  }

  async onAsked(peer: string, question: Uint8Array): Promise<Uint8Array> {
    return await this.answer(peer, question)
  }
}

export interface TestNode {
  readonly mesh: Libp2pMesh
  readonly heard: Listener
  readonly address: string
}

export function optionsOf(options: Partial<MeshOptions> = {}): MeshOptions {
  return {
    key: randomBytes(32).toString('hex'),
    clusterKey: clusterKeyOf('a'),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    peers: [],
    mdns: false,
    clock: systemClock,
    random,
    log: silent,
    ...options
  }
}

/** A mesh that listens, until the test ends. */
export async function startNode(t: Test, options: Partial<MeshOptions> = {}): Promise<TestNode> {
  const mesh = await createMesh(optionsOf(options))
  t.teardown(() => mesh.stop())
  const heard = new Listener()
  mesh.listen(heard)
  return { mesh, heard, address: mesh.addresses()[0] ?? '' }
}

/** Wait until it holds; fails the test after a minute. */
export async function until(
  t: Test,
  holds: () => boolean,
  what: string,
  ms = 60_000
): Promise<void> {
  const end = systemClock.monotonicMs() + ms
  while (!holds()) {
    if (systemClock.monotonicMs() > end) {
      t.fail(`not in time: ${what}`)
      return
    }
    await sleep(5)
  }
  t.pass(what)
}

/** Two nodes that are connected. */
export async function pair(
  t: Test,
  options: Partial<MeshOptions> = {}
): Promise<[TestNode, TestNode]> {
  const a = await startNode(t, options)
  const b = await startNode(t, { peers: [a.address], ...options })
  await until(t, () => a.heard.reached.length > 0 && b.heard.reached.length > 0, 'connected')
  return [a, b]
}
