// A peer that has the key of the cluster and speaks the protocol as it likes: as a stranger, or as a member
// with a key of its own. It makes sessions like anybody, and then says what it is told to say.

import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { Run } from '../../src/core/lease/register.ts'
import type { Body, BodyOf, Envelope, Speaker } from '../../src/core/protocol.ts'
import { wire } from '../../src/core/protocol.ts'
import { formatRecord } from '../../src/core/registry/record-text.ts'
import { createMesh } from '../../src/mesh/create-mesh.ts'
import type { Libp2pMesh } from '../../src/mesh/libp2p-mesh.ts'
import { peerIdOf } from '../../src/mesh/peer-id.ts'
import type { MemoryRegistry } from '../../src/registry/memory-registry.ts'
import { Listener, optionsOf, until } from '../mesh/nodes.ts'
import type { HonestNode } from './honest-node.ts'

export class Foe {
  readonly incarnation = randomBytes(16).toString('hex')
  readonly seed = randomBytes(32).toString('hex')
  readonly peer = peerIdOf(this.seed)
  readonly session = { opened: 1, id: randomBytes(8).toString('hex') }
  readonly heard = new Listener()
  readonly #registry: MemoryRegistry
  #mesh: Libp2pMesh | undefined
  /** Sessions of others, by peer id, as they answered. */
  readonly #met = new Map<string, Speaker>()
  /** Answer greetings as an honest node would. */
  isPolite = true

  constructor(registry: MemoryRegistry) {
    this.#registry = registry
  }

  /** Connected to these; joined before, when it is to be a member. */
  static async start(
    t: Test,
    registry: MemoryRegistry,
    others: readonly HonestNode[],
    isMember: boolean
  ): Promise<Foe> {
    const foe = new Foe(registry)
    if (isMember) await foe.join()
    const peers = others.map(({ address }) => address)
    const mesh = await createMesh(optionsOf({ key: foe.seed, peers }))
    foe.#mesh = mesh
    t.teardown(() => mesh.stop())
    foe.heard.onHeard = ({ peer, envelope }) => foe.#onHeard(peer, envelope)
    mesh.listen(foe.heard)
    await until(t, () => others.every(({ peer }) => foe.#connected(peer)), 'the foe is connected')
    return foe
  }

  get mesh(): Libp2pMesh {
    if (this.#mesh === undefined) throw new Error('the foe has no mesh')
    return this.#mesh
  }

  get address(): string {
    return this.mesh.addresses()[0] ?? ''
  }

  /** Its number among the members; 0 while it is none. */
  get index(): number {
    return this.#registry.view.byIncarnation.get(this.incarnation)?.index ?? 0
  }

  async join(): Promise<void> {
    const { incarnation, peer } = this
    const member = { incarnation, node: 'foe', peer, machine: '', wire }
    await this.write({ type: 'Join', members: [member] })
  }

  async write(proposal: Parameters<typeof formatRecord>[0] | object): Promise<void> {
    const bytes = formatRecord({ ...proposal, author: 'foe', atMs: 0 } as never)
    const outcome = await this.#registry.append(this.#registry.view.index + 1, bytes)
    if (outcome.type !== 'Appended') throw new Error(JSON.stringify(outcome))
  }

  /** A session with it, both ways. */
  async befriend(t: Test, node: HonestNode): Promise<void> {
    await until(
      t,
      () => {
        this.greet(node)
        const known = node.store.load().leases.peers.get(this.incarnation)
        return this.#met.has(node.peer) && known?.id === this.session.id
      },
      `${node.name} takes the foe for a member`
    )
  }

  greet(node: HonestNode, more: Partial<BodyOf<'Hello'>> = {}): void {
    const nonce = randomBytes(8).toString('hex')
    this.shout(node, { type: 'Hello', nonce, node: 'foe', wire, ...more })
  }

  /** In session. */
  say(node: HonestNode, body: Body, more: Partial<Envelope> = {}): void {
    const to = this.#met.get(node.peer)
    this.shout(node, body, { ...(to !== undefined && { to }), ...more })
  }

  /** Out of session, unless `more` says otherwise. */
  shout(node: HonestNode, body: Body, more: Partial<Envelope> = {}): void {
    const { cluster = '', index } = this.#registry.view
    const { incarnation, session } = this
    const from = { incarnation, session }
    this.mesh.send(node.peer, {
      ...{ version: 1, cluster, from, registry: index, body },
      ...more
    })
  }

  /** Ordinary anti-entropy with extraordinary registers. */
  tell(node: HonestNode, runs: readonly Run[], more: Partial<BodyOf<'Delta'>> = {}): void {
    const delta = { type: 'Delta', domain: '10.9.0.0/24', runs, raise: [], contests: [] } as const
    this.say(node, { ...delta, ...more })
  }

  /** Everything of this type that this node said to it. */
  got<Type extends Body['type']>(node: HonestNode, type: Type): BodyOf<Type>[] {
    return this.heard.messages.flatMap(({ peer, envelope: { body } }) =>
      peer === node.peer && body.type === type ? [body as BodyOf<Type>] : []
    )
  }

  /**
   * Everything said before was handled when this returns: what one peer says on one channel arrives in order,
   * and so does what one actor is told.
   */
  async handled(t: Test, node: HonestNode): Promise<void> {
    const nonce = randomBytes(8).toString('hex')
    this.say(node, { type: 'Confirm', domain: '10.9.0.0/24', nonce, wctr: 0, runs: [] })
    const isAnswered = () => this.got(node, 'Confirmed').some(one => one.nonce === nonce)
    await until(t, isAnswered, `${node.name} has handled it`)
  }

  async until(t: Test, holds: () => boolean, what = 'it comes to that'): Promise<void> {
    await until(t, holds, what)
  }

  #connected(peer: string): boolean {
    return this.heard.reached.findLast(line => line.endsWith(peer))?.startsWith('+') === true
  }

  #onHeard(peer: string, { from, body }: Envelope): void {
    this.#met.set(peer, from)
    if (!this.isPolite) return
    const { cluster = '', index } = this.#registry.view
    const { incarnation, session } = this
    const envelope = { version: 1, cluster, from: { incarnation, session }, registry: index }
    if (body.type === 'Welcome') {
      this.mesh.send(peer, { ...envelope, body: { type: 'Greeted', answer: body.nonce } })
    } else if (body.type === 'Hello') {
      const nonce = randomBytes(8).toString('hex')
      const answer = body.nonce
      const welcome = { type: 'Welcome', answer, nonce, node: 'foe', wire, known: [] } as const
      this.mesh.send(peer, { ...envelope, body: welcome })
    }
  }
}
