// A whole house of actors in this process: real behaviours, a store in memory that can refuse or vanish,
// a clock that stands still, and namespaces that live and die by decree.

import { allFixed } from '../../src/core/selection/identity.ts'
import type { Allocated, AllocatorMessage, Refused } from '../../src/actors/messages/allocator.ts'
import { guard, type House } from '../../src/actors/guardian.ts'
import { StoreFailedError } from '../../src/core/errors.ts'
import type { NodeEvent } from '../../src/core/event.ts'
import { type AttachmentKey, keyText, type Pod } from '../../src/core/attachment.ts'
import type { Demand } from '../../src/core/demand.ts'
import type { Census, Sandbox } from '../../src/core/sandbox.ts'
import type { AttachmentStore, Change } from '../../src/ports/attachment-store.ts'
import type { Log } from '../../src/ports/log.ts'
import type { PoolDocument, PoolSource } from '../../src/ports/pool-source.ts'
import type { LinkParts } from '../../src/ports/link-prober.ts'
import type { PodFacts } from '../../src/ports/pod-facts.ts'
import type { SandboxProbe } from '../../src/ports/sandbox-probe.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { aloneParts } from './alone.ts'
import { MemoryRegistry } from '../../src/registry/memory-registry.ts'
import { ManualClock, settle } from './manual-clock.ts'
import { boot as firstBoot, poolDocument, sandbox } from './samples.ts'
import { noFacts } from '../../src/config/no-facts.ts'
import { noLink } from '../../src/link/no-prober.ts'

export const plainDemand: Demand = { requested: [], cleanGateway: false }

/** Passes commits on to a memory store, unless it is told to refuse or to break. */
export class FaultyStore implements AttachmentStore {
  readonly inner = new MemoryStore()
  readonly commits: (readonly Change[])[] = []
  /** Called before each commit; may throw. */
  fault: (changes: readonly Change[]) => void = () => {}

  load() {
    return this.inner.load()
  }

  loadLeases() {
    return this.inner.loadLeases()
  }

  commit(changes: readonly Change[]): void {
    this.fault(changes)
    this.inner.commit(changes)
    this.commits.push(changes)
  }

  close(): void {}
}

export const refuses = (): void => {
  throw new StoreFailedError('the disk is on strike')
}

/** Namespaces by path; absent means gone. */
export class DecreedNamespaces implements SandboxProbe {
  readonly gone = new Set<string>()
  census = (): Promise<Census> => Promise.resolve({ namespaces: [], isComplete: false })
  boot = firstBoot

  see(): never {
    throw new Error('the actors never look at a path themselves')
  }

  sight(sandboxes: readonly Sandbox[]) {
    return Promise.resolve(
      sandboxes.map(({ path, namespace, witness }) => ({
        boot: this.boot,
        namespace: this.gone.has(path) ? undefined : namespace,
        witness: witness?.id,
        held: new Set<string>()
      }))
    )
  }
}

export class ListedPools implements PoolSource {
  documents: readonly PoolDocument[]
  #onChange = () => {}

  constructor(documents: readonly PoolDocument[]) {
    this.documents = documents
  }

  read() {
    return Promise.resolve({ documents: this.documents, problems: [], skipped: [] })
  }

  watch(onChange: () => void) {
    this.#onChange = onChange
    return () => {}
  }

  change(documents: readonly PoolDocument[]): void {
    this.documents = documents
    this.#onChange()
  }
}

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export class TestHouse {
  readonly clock = new ManualClock()
  readonly store = new FaultyStore()
  readonly namespaces = new DecreedNamespaces()
  facts: PodFacts = noFacts('node-1')
  link: LinkParts = noLink
  keepMs: number | undefined
  readonly registry = new MemoryRegistry()
  readonly log: LogLine[] = []
  /** What was noted, oldest first. */
  readonly events: NodeEvent[] = []
  readonly pools: ListedPools
  /** Instead of `pools`. */
  source: PoolSource | undefined
  givenUp: unknown
  #house: House | undefined
  #lastClient = 0
  #now = 0

  constructor(
    documents: readonly PoolDocument[] = [
      poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'])
    ]
  ) {
    this.pools = new ListedPools(documents)
  }

  async open(boot = firstBoot): Promise<this> {
    const write =
      (level: string) =>
      (fields: LogLine['fields'], message: string): void => {
        this.log.push({ level, message, fields })
      }
    const log: Log = {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error')
    }
    this.namespaces.boot = boot
    this.store.inner.open()
    this.#house = await guard({
      ...aloneParts(boot),
      registry: this.registry,
      store: this.store,
      source: this.source ?? this.pools,
      probe: this.namespaces,
      facts: this.facts,
      link: this.link,
      fixed: { ...allFixed, keepMs: this.keepMs },
      clock: this.clock,
      log,
      chronicle: { note: event => void this.events.push(event) },
      cooldown: { normalMs: 30_000, scarceMs: 5_000 },
      reap: { everyMs: 10_000, graceMs: 60_000 },
      onGivenUp: error => {
        this.givenUp = error
      }
    })
    await settle()
    return this
  }

  get house(): House {
    if (this.#house === undefined) throw new Error('the house is not open')
    return this.#house
  }

  /** The next moment of the machine, in nanoseconds of its boot clock. */
  moment(): number {
    this.#now += 1
    return this.#now
  }

  /** Start an ADD; the promise settles when it is answered. */
  start(
    key: AttachmentKey,
    options: { demand?: Demand; pod?: Pod; began?: number; path?: string; client?: number } = {}
  ) {
    const {
      demand = plainDemand,
      pod = {},
      began = this.moment(),
      path = `/run/netns/${key.containerId}`
    } = options
    this.#lastClient += 1
    const client = options.client ?? this.#lastClient
    let answer: Allocated | Refused | undefined
    const told = this.house.allocator.tell({
      type: 'Allocate',
      key,
      pod,
      sandbox: sandbox(began, path, this.namespaces.boot),
      demand,
      client,
      deadline: this.clock.monotonicMs() + 15_000,
      replyTo: reply => {
        answer = reply
      }
    } satisfies AllocatorMessage)
    return { client, told, answer: () => answer, key }
  }

  /** An ADD that is answered and confirmed; the addresses or the reason why not. */
  async add(key: AttachmentKey, options: Parameters<TestHouse['start']>[1] = {}) {
    const { answer, client } = this.start(key, options)
    await settle()
    const reply = answer()
    if (reply?.type === 'Allocated') this.house.allocator.tell({ type: 'Deliver', key, client })
    return outcomeOf(reply)
  }

  async del(key: AttachmentKey, began = this.moment(), boot = this.namespaces.boot) {
    let reply: { addresses: readonly bigint[]; durable: boolean } | undefined
    this.house.allocator.tell({
      type: 'Release',
      key,
      began: { boot, ns: BigInt(began) },
      replyTo: released => {
        reply = released
      }
    })
    await settle()
    return reply
  }

  async gc(network: string, keep: readonly AttachmentKey[], began = this.moment()) {
    let count: number | undefined
    this.house.allocator.tell({
      type: 'Collect',
      network,
      keep: new Set(keep.map(keyText)),
      began: { boot: this.namespaces.boot, ns: BigInt(began) },
      replyTo: collected => {
        count = collected.count
      }
    })
    await settle()
    return count
  }

  /** Let time pass and everything that follows from it happen. */
  async pass(ms: number, stepMs = 1_000): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(left, stepMs))
      await settle(8)
    }
    await settle()
  }

  /** The process is gone at this moment, and another one starts from what was durable. */
  async restart(boot = this.namespaces.boot): Promise<void> {
    this.#house = undefined
    this.clock.forgetAlarms()
    await this.open(boot)
  }

  /** Texts of the keys that the store holds. */
  stored(): string[] {
    return this.store.load().attachments.map(({ key }) => keyText(key))
  }
}

export function outcomeOf(reply: Allocated | Refused | undefined): string | readonly bigint[] {
  if (reply === undefined) return 'no answer'
  if (reply.type === 'Refused') return reply.refusal.reason
  return reply.attachment.assignments.map(({ address }) => address)
}
