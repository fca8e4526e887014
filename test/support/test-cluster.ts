// Several houses of actors in this process: one clock, one registry and a bus between them.

import { allFixed } from '../../src/core/selection/identity.ts'
import { noLink } from '../../src/link/no-prober.ts'
import { type House, guard } from '../../src/actors/guardian.ts'
import type { AttachmentKey, Pod } from '../../src/core/attachment.ts'
import type { Demand } from '../../src/core/demand.ts'
import type { NodeEvent } from '../../src/core/event.ts'
import { allRules } from '../../src/core/lease/rules.ts'
import { systemRandom } from '../../src/host/system-random.ts'
import type { PoolDocument } from '../../src/ports/pool-source.ts'
import type { Registry } from '../../src/ports/registry.ts'
import { MemoryRegistry } from '../../src/registry/memory-registry.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { ManualClock, settle } from './manual-clock.ts'
import { MemoryFacts } from './memory-facts.ts'
import { MeshBus } from './mesh-bus.ts'
import { boot, sandbox } from './samples.ts'
import {
  DecreedNamespaces,
  ListedPools,
  type LogLine,
  outcomeOf,
  plainDemand
} from './test-house.ts'

/** A bound, far above what any test of it needs. */
const stepsMax = 1_000
const stepMs = 100

export interface ClusterNode {
  readonly name: string
  readonly peer: string
  readonly incarnation: string
  readonly house: House
  readonly log: readonly LogLine[]
  /** What was noted, oldest first. */
  readonly events: readonly NodeEvent[]
  /** An ADD that is answered and confirmed; the addresses, or the reason why not. */
  add(key: AttachmentKey, pod?: Pod, demand?: Demand): Promise<string | readonly bigint[]>
  /** A DEL, until it is durable. */
  del(key: AttachmentKey): Promise<void>
}

export class TestCluster {
  readonly clock = new ManualClock()
  readonly bus = new MeshBus()
  readonly registry = new MemoryRegistry()
  /** The same on all nodes. */
  readonly facts = new MemoryFacts()
  readonly #documents: readonly PoolDocument[]
  /** While true, nobody reaches the registry. */
  isRegistryAway = false
  #count = 0
  #clients = 0

  constructor(documents: readonly PoolDocument[]) {
    this.#documents = documents
  }

  /** One more node, up to the moment in which it is a member. */
  async start(name: string): Promise<ClusterNode> {
    this.#count += 1
    const digit = this.#count.toString(16)
    const incarnation = digit.repeat(32)
    const peer = `peer-${this.#count}`
    const log: LogLine[] = []
    const events: NodeEvent[] = []
    const write = (level: string) => (fields: LogLine['fields'], message: string) =>
      void log.push({ level, message, fields })
    const store = new MemoryStore({ incarnation, key: digit.repeat(64), boot })
    const house = await guard({
      ...{ store, boot, node: name, machine: `machine-${this.#count}`, clock: this.clock },
      source: new ListedPools(this.#documents),
      probe: new DecreedNamespaces(),
      facts: this.facts,
      link: noLink,
      chronicle: { note: event => void events.push(event) },
      fixed: { ...allFixed, keepMs: undefined },
      log: {
        debug: write('debug'),
        info: write('info'),
        warn: write('warn'),
        error: write('error')
      },
      random: systemRandom,
      mesh: this.bus.meshOf(peer),
      registry: this.#reached(),
      founds: this.#count === 1,
      confirm: 'reachable',
      cooldown: { normalMs: 30_000, scarceMs: 5_000 },
      reap: { everyMs: 10_000, graceMs: 60_000 },
      rules: allRules,
      session: digit.repeat(16),
      onAsked: () => Promise.reject(new Error('the registry is asked directly')),
      onEnded: why => void log.push({ level: 'error', message: why, fields: {} }),
      onGivenUp: error => void log.push({ level: 'error', message: String(error), fields: {} })
    })
    await this.until(() => this.registry.view.byIncarnation.has(incarnation))
    return {
      name,
      peer,
      incarnation,
      house,
      log,
      events,
      ...{
        add: (key, pod, demand) => this.#add(house, key, pod, demand),
        del: key => this.#del(house, key)
      }
    }
  }

  #reached(): Registry {
    const reach = () =>
      this.isRegistryAway ? Promise.reject(new Error('no peer is known to ask for it')) : undefined
    return {
      append: (index, record) => reach() ?? this.registry.append(index, record),
      read: from => reach() ?? this.registry.read(from)
    }
  }

  async #del(house: House, key: AttachmentKey): Promise<void> {
    this.#clients += 1
    const began = { boot, ns: BigInt(this.#clients) }
    const released = Promise.withResolvers<unknown>()
    house.allocator.tell({ type: 'Release', key, began, replyTo: released.resolve })
    await this.while(released.promise)
  }

  async #add(
    house: House,
    key: AttachmentKey,
    pod: Pod = {},
    demand = plainDemand
  ): Promise<string | readonly bigint[]> {
    this.#clients += 1
    const client = this.#clients
    const answered = Promise.withResolvers<string | readonly bigint[]>()
    house.allocator.tell({
      type: 'Allocate',
      ...{ key, client, demand, pod },
      sandbox: sandbox(client, `/run/netns/${key.containerId}`),
      deadline: this.clock.monotonicMs() + 15_000,
      replyTo: reply => answered.resolve(outcomeOf(reply))
    })
    const outcome = await this.while(answered.promise)
    house.allocator.tell({ type: 'Deliver', key, client })
    return outcome
  }

  /** Let time pass until it is so; throws when it never is. */
  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let i = 0; i < stepsMax; i += 1) {
      if (await holds()) return
      await this.#step()
    }
    throw new Error(`not so after ${(stepsMax * stepMs) / 1_000} seconds`)
  }

  /** Let time pass until this is answered. */
  async while<T>(answer: Promise<T>): Promise<T> {
    let isOver = false
    const over = () => void (isOver = true)
    answer.then(over, over)
    await this.until(() => isOver)
    return answer
  }

  async #step(): Promise<void> {
    this.clock.advance(stepMs)
    await settle(6)
  }
}
