// One honest node in this process: the real actors over the real mesh on 127.0.0.1, a store in memory, and a
// registry that all nodes of a test share. What it has on its disk is what tests look at.

import { allFixed } from '../../src/core/selection/identity.ts'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { guard, type House } from '../../src/actors/guardian.ts'
import type { Allocated, Refused } from '../../src/actors/messages/allocator.ts'
import type { Address } from '../../src/core/address.ts'
import type { AttachmentKey } from '../../src/core/attachment.ts'
import { allRules } from '../../src/core/lease/rules.ts'
import type { Register, Run } from '../../src/core/lease/register.ts'
import { systemClock } from '../../src/host/system-clock.ts'
import { createMesh } from '../../src/mesh/create-mesh.ts'
import { peerIdOf } from '../../src/mesh/peer-id.ts'
import type { AttachmentStore } from '../../src/ports/attachment-store.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Log } from '../../src/ports/log.ts'
import type { Mesh } from '../../src/ports/mesh.ts'
import type { Registry } from '../../src/ports/registry.ts'
import type { StoredDomain } from '../../src/ports/lease-changes.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { clusterKeyOf, random, until } from '../mesh/nodes.ts'
import { key, poolDocument, sandbox } from '../support/samples.ts'
import { type LogLine, outcomeOf } from '../support/test-house.ts'
import { noFacts } from '../../src/config/no-facts.ts'
import { noLink } from '../../src/link/no-prober.ts'
import { noChronicle } from '../../src/telemetry/no-chronicle.ts'

export const domain = '10.9.0.0/24'
export const blue = poolDocument('blue', domain, ['10.9.0.2-10.9.0.81'])
const boot = 'boot-1'

export interface NodeOptions {
  readonly name: string
  readonly registry: Registry
  /** Where others are. */
  readonly peers?: readonly string[]
  readonly founds?: boolean
  readonly clock?: Clock
  readonly onAsked?: (peer: string, question: Uint8Array) => Promise<Uint8Array>
  /** The way to a registry that is elsewhere. */
  readonly registryOver?: (mesh: Mesh, store: AttachmentStore) => Registry
}

export class HonestNode {
  readonly name: string
  readonly incarnation: string
  readonly seed: string
  readonly peer: string
  readonly log: LogLine[] = []
  readonly store: MemoryStore
  /** Why its incarnation ended; undefined while it goes on. */
  ended: string | undefined
  /** It gave up, after too many crashes. */
  givenUp: unknown
  address = ''
  #house: House | undefined
  #clients = 0
  #moments = 0

  private constructor(name: string, store: MemoryStore) {
    const { incarnation, key: seed } = store.load().leases.identity
    this.name = name
    this.store = store
    this.incarnation = incarnation
    this.seed = seed
    this.peer = peerIdOf(seed)
  }

  static async start(t: Test, options: NodeOptions): Promise<HonestNode> {
    const store = new MemoryStore({ ...newIdentity(), opened: 0, boot })
    const node = new HonestNode(options.name, store)
    await node.#open(t, options)
    return node
  }

  /** What the daemon does when an incarnation has ended: another one moves in. */
  async reborn(t: Test, options: NodeOptions): Promise<HonestNode> {
    this.store.commit([
      { type: 'Reincarnate', ...newIdentity() },
      { type: 'ConfirmBoot', boot }
    ])
    const node = new HonestNode(options.name, this.store)
    await node.#open(t, options)
    return node
  }

  async #open(t: Test, options: NodeOptions): Promise<void> {
    const { name, registry, peers = [], founds = false, clock = systemClock, onAsked } = options
    const write =
      (level: string) =>
      (fields: LogLine['fields'], message: string): void => {
        this.log.push({ level, message, fields })
      }
    const log: Log = {
      ...{ debug: write('debug'), info: write('info') },
      ...{ warn: write('warn'), error: write('error') }
    }
    const mesh = await createMesh({
      ...{ key: this.seed, clusterKey: clusterKeyOf('a'), listen: ['/ip4/127.0.0.1/tcp/0'] },
      ...{ peers, mdns: false, clock: systemClock, random, log }
    })
    this.address = mesh.addresses()[0] ?? ''
    this.store.open()
    const house = await guard({
      ...{ store: this.store, clock, log, random, mesh, boot, node: name, founds },
      facts: noFacts(name),
      link: noLink,
      chronicle: noChronicle,
      fixed: { ...allFixed, keepMs: undefined },
      registry: options.registryOver?.(mesh, this.store) ?? registry,
      source: {
        read: () => Promise.resolve({ documents: [blue], problems: [], skipped: [] }),
        watch: () => () => {}
      },
      probe: {
        see: () => ({ type: 'Missing' }),
        census: () => Promise.resolve({ namespaces: [], isComplete: false }),
        sight: sandboxes =>
          Promise.resolve(
            sandboxes.map(({ namespace, witness }) => ({
              ...{ boot, namespace, witness: witness?.id, held: new Set<string>() }
            }))
          )
      },
      machine: `machine-${name}`,
      confirm: 'reachable',
      rules: allRules,
      session: random.hex(8),
      cooldown: { normalMs: 1_000, scarceMs: 1_000 },
      reap: { everyMs: 600_000, graceMs: 600_000 },
      onAsked: onAsked ?? (() => Promise.reject(new Error('nobody keeps a registry here'))),
      onEnded: why => {
        this.ended = why
      },
      onGivenUp: error => {
        this.givenUp = error
      }
    })
    this.#house = house
    t.teardown(async () => {
      await house.stop()
      await mesh.stop()
    })
  }

  get house(): House {
    if (this.#house === undefined) throw new Error('the node is not open')
    return this.#house
  }

  /** One pod: the address, or why there is none after some tries, as a runtime makes them. */
  async add(id: string): Promise<Address | string> {
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#tryAdd(id)
      if (typeof outcome !== 'string' || tries === 20) return outcome
      await sleep(250)
    }
  }

  async #tryAdd(id: string): Promise<Address | string> {
    this.#clients += 1
    const client = this.#clients
    const attachment = key(`${this.name}-${id}`)
    const reply = await new Promise<Allocated | Refused>(replyTo => {
      this.house.allocator.tell({
        ...{ type: 'Allocate', key: attachment, pod: {}, client, replyTo },
        sandbox: sandbox(this.#moment(), `/run/netns/${attachment.containerId}`, boot),
        demand: { requested: [], cleanGateway: false },
        deadline: systemClock.monotonicMs() + 15_000
      })
    })
    if (reply.type === 'Allocated') {
      this.house.allocator.tell({ type: 'Deliver', key: attachment, client })
    }
    const outcome = outcomeOf(reply)
    return typeof outcome === 'string' ? outcome : ((outcome[0] ?? 0n) as Address)
  }

  /** One DEL: how many addresses came back. */
  async del(id: string): Promise<number> {
    const attachment: AttachmentKey = key(`${this.name}-${id}`)
    const began = { boot, ns: BigInt(this.#moment()) }
    return await new Promise(resolve => {
      this.house.allocator.tell({
        type: 'Release',
        key: attachment,
        began,
        replyTo: ({ addresses }) => resolve(addresses.length)
      })
    })
  }

  #moment(): number {
    this.#moments += 1
    return this.#moments
  }

  /** What is durable of the domain. */
  get leases(): StoredDomain {
    const leases = this.store.load().leases.domains.get(domain)
    if (leases === undefined) throw new Error(`${this.name} knows nothing of ${domain}`)
    return leases
  }

  get learned(): number {
    return this.store.load().leases.learned.length
  }

  /** Its own runs, by the durable registers. */
  held(member: number): readonly Run[] {
    return this.leases.runs.filter(({ register }) => register.owner === member)
  }

  registerOf(address: Address): Register | undefined {
    return this.leases.runs.find(({ start, end }) => start <= address && address < end)?.register
  }

  /** Addresses that pods have. */
  get used(): readonly Address[] {
    return this.store
      .load()
      .attachments.flatMap(({ assignments }) => assignments.map(({ address }) => address))
  }

  /** Whether the log has such a line. */
  said(pattern: RegExp): boolean {
    return this.log.some(({ message, fields }) => pattern.test(`${message} ${textOf(fields)}`))
  }

  async serves(t: Test): Promise<void> {
    await until(
      t,
      () => {
        const domains = this.store.load().leases.domains
        return domains.has(domain)
      },
      `${this.name} knows the domain`
    )
  }
}

function newIdentity(): { incarnation: string; key: string } {
  return { incarnation: randomBytes(16).toString('hex'), key: randomBytes(32).toString('hex') }
}

function textOf(fields: LogLine['fields']): string {
  return JSON.stringify(fields, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value instanceof Error ? value.message : value
  )
}
