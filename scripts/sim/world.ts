// A whole cluster in one process and in virtual time: nodes that run the real actors, the network and the
// registry between them, and a judge who looks after every event.

import type { Address } from '../../src/core/address.ts'
import { messageOf } from '../../src/core/error-text.ts'
import type { Rules } from '../../src/core/lease/rules.ts'
import type { Log } from '../../src/ports/log.ts'
import { Agenda } from './agenda.ts'
import { Chance } from './chance.ts'
import { Coverage } from './coverage.ts'
import { History } from './history.ts'
import { Judge, Violation } from './judge.ts'
import { type Territory, territoryOf } from './landscape.ts'
import { Net } from './net.ts'
import { Witness } from './witness.ts'
import type { Plan } from './plan.ts'
import { Pods } from './pods.ts'
import { podObserver } from './pod-watch.ts'
import type { NodeObserver } from './node-setup.ts'
import { simFacts } from './sim-facts.ts'
import { SimNode } from './sim-node.ts'
import { SimRegistry } from './sim-registry.ts'
import { Trace } from './trace.ts'

/** Ticks of promises until whatever hangs on a settled one has happened. */
const ticksPerStep = 12
const settled = Promise.resolve()
/** Beyond this the mesh does not keep a connection to everybody (src/mesh/mesh-limits.ts). */
const fullMeshMax = 100

export interface WorldOptions {
  readonly plan: Plan
  readonly rules: Rules
  readonly keepsTrace: boolean
  /** Nobody says what is not true (default: unless the plan has somebody do so). */
  readonly isTruthful?: boolean
  readonly cooldown?: { readonly normalMs: number; readonly scarceMs: number }
}

export class World {
  readonly plan: Plan
  readonly agenda: Agenda
  readonly chance: Chance
  readonly coverage = new Coverage()
  readonly #witness = new Witness(this.coverage)
  readonly trace: Trace
  readonly history: History
  readonly net: Net
  readonly registry: SimRegistry
  readonly nodes: readonly SimNode[]
  readonly territories: readonly Territory[]
  readonly judge: Judge
  steps = 0
  #pipes = 0
  #failure: Violation | undefined

  constructor({ plan, rules, keepsTrace, isTruthful = true, cooldown }: WorldOptions) {
    this.plan = plan
    this.agenda = new Agenda(new Chance(plan.seed, 'agenda'))
    this.chance = new Chance(plan.seed, 'world')
    this.trace = new Trace(keepsTrace)
    this.territories = plan.pools.map(territoryOf)
    this.registry = new SimRegistry(this.agenda, new Chance(plan.seed, 'registry'), rules)
    this.net = new Net(
      this.agenda,
      new Chance(plan.seed, 'net'),
      {
        onSent: (from, peer, envelope) => {
          this.#witness.onSent(envelope)
          this.note(`n${from} sends ${envelope.body.type} to ${peer.slice(5, 9)}`)
        },
        onDelivered: (to, peer, envelope) => {
          const node = this.nodes[to]
          if (node !== undefined) this.#witness.onDelivered(node, envelope)
          this.note(`n${to} gets ${envelope.body.type} from ${peer.slice(5, 9)}`)
        },
        onGarbled: (problem, { body }) =>
          this.fail(new Violation('wire', `${body.type}: ${problem}`))
      },
      plan.nodes > fullMeshMax
    )
    const { weather } = this.net
    const { loss, doubling, tail, tailMs } = plan
    this.net.weather = { ...weather, loss, doubling, tail, tailMs }
    const interest = this.territories
      .flatMap(({ addresses }) => addresses)
      .sort((a, b) => (a < b ? -1 : 1))
    this.nodes = plan.paces.map((pace, index) => this.#node(index, pace, rules, interest, cooldown))
    this.judge = new Judge({
      nodes: this.nodes,
      registry: this.registry,
      isTruthful: isTruthful && !plan.events.some(({ type }) => type === 'WrongRemove')
    })
    this.history = new History(this.agenda, keepsTrace)
  }

  get now(): number {
    return this.agenda.now
  }

  note(line: string, more?: string): void {
    this.trace.note(this.now, line, more)
  }

  /** The first one counts; the world ends after the event in which it was found. */
  fail(violation: Violation): void {
    this.#failure ??= violation
  }

  start(): void {
    for (const node of this.nodes) {
      this.agenda.after(this.chance.between(0, 400), () => node.start())
    }
  }

  /** Let everything happen that is due by then. Throws the first Violation. */
  async runUntil(at: number): Promise<void> {
    while (this.agenda.step(at)) {
      this.steps += 1
      if (this.#pipes > 0) for (let i = 0; i < ticksPerStep; i += 1) await settled
      this.#judged(() => this.judge.afterStep())
      if (this.#failure !== undefined) throw this.#failure
    }
  }

  /** Nothing of it goes on. */
  close(): void {
    for (const node of this.nodes) node.kill()
  }

  #judged(look: () => void): void {
    try {
      look()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      this.fail(error)
    }
  }

  #node(
    index: number,
    pace: number,
    rules: Rules,
    interest: readonly Address[],
    cooldown = { normalMs: 10_000, scarceMs: 5_000 }
  ): SimNode {
    const { agenda, net, registry } = this
    const node: SimNode = new SimNode(
      {
        index,
        seed: this.plan.seed,
        pace,
        confirm: this.plan.confirm,
        rules,
        documents: this.territories.map(({ document }) => document),
        facts: simFacts(`n${index}`, () => this.now >= this.plan.healAt),
        cooldown,
        reap: { everyMs: 10_000, graceMs: 20_000 }
      },
      { agenda, net, registry, observer: this.#observer() },
      interest
    )
    node.pods = new Pods(node, agenda, podObserver(this))
    node.pods.lostDels = this.plan.lostDels
    return node
  }

  #observer(): NodeObserver {
    return {
      onHandling: (node, actor, message) => {
        this.#witness.onHandling(actor, message)
        this.note(`${node.name} ${actor} ${message.type}`)
      },
      onCommitted: (node, changes) => {
        const me = this.judge.memberOf(node)?.index
        this.#witness.onCommitted(me, changes)
        this.note(`${node.name} commits ${changes.map(({ type }) => type).join(' ')}`)
        this.history.onCommitted(node, me, changes)
        this.#judged(() => this.judge.onCommitted(node, changes))
      },
      onCrashed: (node, actor, error) =>
        this.fail(
          error instanceof Violation
            ? error
            : new Violation('crash', `${actor} of ${node.name}: ${stackOf(error)}`)
        ),
      onEnded: (node, why) => {
        this.coverage.count('reincarnations')
        this.note(`${node.name} ends: ${why}`)
        this.history.note(undefined, `${node.name} ends: ${why}`)
      },
      onProcess: (node, what) => {
        this.note(`${node.name} ${what} as ${node.disk.incarnation.slice(0, 4)}`)
        this.history.note(undefined, `${node.name} ${what}, ${node.boot}, opened ${node.opened}`)
      },
      onPipes: change => {
        this.#pipes += change
      },
      log: node => this.#log(node)
    }
  }

  #log(node: SimNode): Log {
    const write =
      (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
        this.coverage.count(`log: ${message}`)
        if (typeof fields['coverage'] === 'string') this.coverage.count(fields['coverage'])
        const more = this.trace.isKept ? shown(fields) : ''
        this.note(`${node.name} ${level}: ${message}`, more)
      }
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error')
    }
  }
}

function shown(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value instanceof Error ? messageOf(value) : value
  )
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
