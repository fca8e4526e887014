// A cluster in one process and in virtual time: the real actors of every node, and between them a network that
// weighs what they say. Nothing fails here; what happens when it does is the simulator's matter.

import { allFixed } from '../../../src/core/selection/identity.ts'
import { furnish, type HouseParts } from '../../../src/actors/house.ts'
import type { Address } from '../../../src/core/address.ts'
import { Deliveries } from '../../../src/core/deliveries.ts'
import { allRules } from '../../../src/core/lease/rules.ts'
import { peerIdOf } from '../../../src/mesh/peer-id.ts'
import type { Log } from '../../../src/ports/log.ts'
import type { PoolDocument, PoolListing } from '../../../src/ports/pool-source.ts'
import type { Registry } from '../../../src/ports/registry.ts'
import { RecordLog } from '../../../src/registry/record-log.ts'
import { encodeAnswer, encodeQuestion } from '../../../src/registry/registry-wire.ts'
import { MemoryStore } from '../../../src/store/memory-store.ts'
import { Agenda } from '../../sim/agenda.ts'
import { Chance } from '../../sim/chance.ts'
import { SimClock } from '../../sim/sim-clock.ts'
import { SimSystem } from '../../sim/sim-system.ts'
import { MeteredNet } from './metered-net.ts'
import { addressesPerNode, domain, firstOf, registryLog, residents } from './registry-log.ts'
import type { Resident } from './registry-log.ts'
import { Tally } from './tally.ts'
import { noFacts } from '../../../src/config/no-facts.ts'
import { noLink } from '../../../src/link/no-prober.ts'
import { noChronicle } from '../../../src/telemetry/no-chronicle.ts'

const boot = 'boot'
const registryMs = 2
/** Ticks of promises until whatever hangs on a settled one has happened. */
const ticksPerStep = 12

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

const pool: PoolDocument = {
  ...{ kind: 'SpiderIPPool', name: 'pool', source: 'pool.yaml' },
  spec: { subnet: domain, ips: ['10.0.0.16-10.255.255.250'], default: true }
}

export class MeteredCluster {
  readonly tally = new Tally()
  readonly chance: Chance
  readonly net: MeteredNet
  readonly agenda: Agenda
  readonly systems: SimSystem[] = []
  /** By node: a hash of all that it knows about custody. */
  readonly hashes: string[] = []
  readonly #log = new RecordLog()
  #pipes = 0

  constructor(nodes: number, seed = 1) {
    this.chance = new Chance(seed, 'cluster')
    this.agenda = new Agenda(new Chance(seed, 'agenda'))
    const all = residents(nodes, bytes => this.chance.hex(bytes))
    const records = registryLog(all)
    for (const [i, record] of records.entries()) {
      const judgment = this.#log.judge(i + 1, record)
      if (judgment.type !== 'Acceptable') throw new Error('the registry refuses the bench')
      this.#log.add(judgment)
    }
    const peers = all.map(({ key }) => peerIdOf(key))
    this.net = new MeteredNet(this.agenda, new Chance(seed, 'net'), this.tally, peers)
    for (const [node, resident] of all.entries()) this.#furnish(node, resident, records, seed)
  }

  /** Let so much virtual time pass. */
  async pass(ms: number): Promise<void> {
    const until = this.agenda.now + ms
    while (this.agenda.step(until)) {
      if (this.#pipes > 0) for (let i = 0; i < ticksPerStep; i += 1) await Promise.resolve()
    }
  }

  get isAgreed(): boolean {
    return new Set(this.hashes).size === 1
  }

  /** Bring an address of one node to another, as a pod does that finds none at home. */
  transfer(from: number, to: number, offset: number): void {
    const address = (firstOf(from) + (BigInt(offset) % addressesPerNode)) as Address
    this.systems[to]?.tellSubnets({ type: 'FetchAddress', address, replyTo: () => {} })
  }

  #furnish(node: number, resident: Resident, records: readonly Uint8Array[], seed: number): void {
    const { incarnation, key, node: name } = resident
    const chance = new Chance(seed, name)
    const store = new MemoryStore({ incarnation, key, opened: 1, boot })
    store.commit(records.map((record, i) => ({ type: 'LearnRecord', index: i + 1, record })))
    const system: SimSystem = new SimSystem({
      clock: new SimClock(this.agenda, 1),
      wake: turn => this.#wake(turn),
      onHandling: (_actor, message) => {
        if (message.type === 'Noted') this.hashes[node] = (message as unknown as Noted).hash
      },
      onCrashed: (actor, error) => {
        throw new Error(`${actor} of ${name} crashed`, { cause: error })
      },
      onPipes: change => (this.#pipes += change)
    })
    this.systems.push(system)
    const listing: PoolListing = { documents: [pool], problems: [], skipped: [] }
    const parts: HouseParts = {
      ...{ store, log: silent, boot, node: name, machine: incarnation, founds: false },
      source: { read: () => Promise.resolve(listing), watch: () => () => {} },
      probe: {
        see: () => ({ type: 'Missing' }),
        census: () => Promise.resolve({ namespaces: [], isComplete: false }),
        sight: () => Promise.resolve([])
      },
      facts: noFacts(name),
      link: noLink,
      chronicle: noChronicle,
      fixed: { ...allFixed, keepMs: undefined },
      ...{ clock: system.clock, random: chance, mesh: this.net.meshOf(node) },
      ...{ registry: this.#registryOf(node), confirm: 'none', rules: allRules },
      cooldown: { normalMs: 30_000, scarceMs: 5_000 },
      reap: { everyMs: 30_000, graceMs: 60_000 },
      session: chance.hex(8),
      onAsked: () => Promise.reject(new Error('nobody asks here')),
      onEnded: why => {
        throw new Error(why)
      }
    }
    const inheritance = { listing, onListed: () => {}, deliveries: new Deliveries() }
    furnish(system, parts, inheritance, () => {})
  }

  #wake(turn: () => boolean): void {
    this.agenda.after(0, () => {
      while (turn());
    })
  }

  /** Node 0 keeps the registry: what others ask it travels. */
  #registryOf(node: number): Registry {
    return {
      append: () => Promise.reject(new Error('nobody has anything to say')),
      read: from => {
        const slice = this.#log.slice(from)
        if (node !== 0) {
          this.tally.add('Question', encodeQuestion({ type: 'Read', from }).length)
          this.tally.add('Answer', encodeAnswer({ type: 'Slice', ...slice }).length)
        }
        return new Promise(resolve => {
          this.agenda.after(registryMs, () => resolve(slice))
        })
      }
    }
  }
}

interface Noted {
  readonly hash: string
}
