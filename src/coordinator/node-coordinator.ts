// The coordinator of a node: look, plan, write down, carry out. What it writes down before it acts is all that it
// needs to take it back.

import { keyText } from '../core/attachment.ts'
import { StoreFailedError } from '../core/errors.ts'
import { isBefore, type Moment, type Sandbox } from '../core/sandbox.ts'
import type { Kernel, NotPossible } from '../kernel/kernel.ts'
import type { Clock } from '../ports/clock.ts'
import type {
  CoordinationJournal,
  JournalChange,
  JournalKey
} from '../ports/coordination-journal.ts'
import type {
  CoordinationOrder,
  Coordinated,
  Coordinator,
  Examined,
  NotCoordinated
} from '../ports/coordinator.ts'
import type { ClusterWishes } from '../ports/coordinator-settings.ts'
import { type LinkProber, usualAnnouncements } from '../ports/link-prober.ts'
import type { Log } from '../ports/log.ts'
import type { PodFacts } from '../ports/pod-facts.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import type { Deed } from './deed.ts'
import { type Deeds, type Intent, roleKey } from './deeds.ts'
import { examine } from './examination.ts'
import { memoryOf } from './memory.ts'
import { missingSteps } from './missing-steps.ts'
import { cableMacs } from './numbers.ts'
import { planOf } from './plan.ts'
import { podWishes } from './pod-wishes.ts'
import { RemovedRules } from './removed-rules.ts'
import { addressesOf } from './stage.ts'
import type { Views } from './step.ts'
import { survey } from './survey.ts'
import { takeBack } from './taking-back.ts'
import { Turns } from './turns.ts'

export interface CoordinatorParts {
  readonly kernel: Kernel
  readonly journal: CoordinationJournal
  /** What the journal held at the start. */
  readonly deeds: Deeds
  readonly cluster: ClusterWishes
  readonly facts: PodFacts
  readonly probe: SandboxProbe
  readonly prober: LinkProber
  readonly clock: Clock
  readonly log: Log
  /** The current boot id. */
  readonly boot: string
}

/** Of ends that were heard of, so that a late ADD does not bring back what its DEL has taken away. */
const endsMax = 4_096

export class NodeCoordinator implements Coordinator {
  readonly #parts: CoordinatorParts
  readonly #turns = new Turns()
  readonly #removed = new RemovedRules()
  readonly #ends = new Map<string, Moment>()
  readonly #warned = new Set<string>()
  #obstacle: string | undefined

  constructor(parts: CoordinatorParts) {
    this.#parts = parts
  }

  coordinate(order: CoordinationOrder): Promise<Coordinated | NotCoordinated> {
    const { clock } = this.#parts
    const deadline = clock.monotonicMs() + order.budgetMs
    const wishes = podWishes(order, this.#parts.cluster.current(), this.#parts.facts)
    if (wishes.settings.mode === 'disabled') return Promise.resolve({ type: 'Coordinated' })
    return this.#turns.take(order.key.containerId, () => this.#coordinate(order, wishes, deadline))
  }

  async #coordinate(
    { key, sandbox, result }: CoordinationOrder,
    { settings, expected }: ReturnType<typeof podWishes>,
    deadline: number
  ): Promise<Coordinated | NotCoordinated> {
    const { kernel, deeds, prober, clock } = this.#parts
    if (this.#isOver(key, sandbox.began)) return overtaken
    const memory = memoryOf(deeds.ofPod(key.containerId))
    const look = this.#removed.look()
    const subject = { settings, key, memory, result, netns: sandbox.path }
    const looking = survey(kernel, subject, () => deadline - clock.monotonicMs())
    // Beside the look, since hashing takes a tenth of it.
    const macs = cableMacs(key.containerId)
    const views = await looking
    if ('type' in views) return this.#notPossible(views)
    const found = { ...views, host: look.without(views.host) }
    const plan = planOf({ settings, key, macs, result, memory, expected, ...found })
    if ('problem' in plan) return { type: 'NotCoordinated', why: 'Settings', detail: plan.problem }
    if (this.#isOver(key, sandbox.began)) return overtaken
    this.#warn(plan.warnings)
    const intent = {
      key: roleKey(key, 'coordinator'),
      sandbox,
      memory: plan.memory,
      steps: plan.steps
    }
    const failure = await this.#bringAbout(intent, found, deadline)
    if (failure !== undefined) return failure
    const { mac } = plan
    if (mac === undefined) return { type: 'Coordinated' }
    const addresses = addressesOf(views.pod, key.ifname)
    void prober.announce({
      netns: sandbox.path,
      ifname: key.ifname,
      addresses,
      ...usualAnnouncements
    })
    return { type: 'Coordinated', mac }
  }

  /** First written down, then done; what fails is taken back, to what was there before. */
  async #bringAbout(
    intent: Intent,
    views: Views,
    deadline: number
  ): Promise<NotCoordinated | undefined> {
    const { kernel, deeds, clock, log } = this.#parts
    const { key, sandbox, steps } = intent
    const before = deeds.get(key)
    const deed = deeds.deedFor(intent, views)
    const operations = missingSteps(steps, views)
    const written = this.#write([deeds.put(deed)])
    if (written !== undefined) {
      deeds.restore(key, before)
      return written
    }
    if (operations.length === 0) return undefined
    await this.#removed.settle(operations)
    const outcome = await kernel.carryOut({
      ...{ netns: sandbox.path, operations },
      budgetMs: deadline - clock.monotonicMs()
    })
    if (outcome.type === 'Done') return undefined
    log.warn(
      { key: keyText(key), detail: outcome.detail },
      'a step failed; those before it are taken back'
    )
    await this.#end(key, sandbox.path, before)
    if (outcome.type === 'NotPossible') return this.#notPossible(outcome)
    return { type: 'NotCoordinated', why: 'Failed', detail: outcome.detail }
  }

  async examine(
    key: CoordinationOrder['key'],
    sandbox: Sandbox,
    budgetMs: number
  ): Promise<Examined | NotCoordinated> {
    const { kernel, deeds } = this.#parts
    const own = roleKey(key, 'coordinator')
    return this.#turns.take(key.containerId, async () => {
      if (deeds.get(own) === undefined) return { type: 'Unknown' }
      const outcome = await examine(kernel, deeds, own, sandbox.path, budgetMs)
      return outcome.type === 'NotPossible' ? this.#notPossible(outcome) : outcome
    })
  }

  async undo(key: JournalKey, began: Moment): Promise<boolean> {
    const { deeds, boot } = this.#parts
    this.#note(key, began)
    return this.#turns.take(key.containerId, async () => {
      const deed = deeds.get(key)
      if (deed === undefined || isBefore(began, deed.sandbox.began, boot)) return true
      return this.#end(key, this.#pathOf(deed), undefined)
    })
  }

  async collect(network: string, keep: ReadonlySet<string>, began: Moment): Promise<void> {
    const { deeds } = this.#parts
    const over = deeds.all().filter(({ key }) => key.network === network && !keep.has(keyText(key)))
    await Promise.all(over.map(({ key }) => this.undo(key, began)))
  }

  isDisabled(): boolean {
    return this.#parts.cluster.current().mode === 'disabled'
  }

  obstacle(): string | undefined {
    return this.#obstacle
  }

  async close(): Promise<void> {
    await this.#turns.idle()
  }

  /** What is taken back is written down when it is done: a crash between means that it is done again. */
  async #end(
    key: JournalKey,
    netns: string | undefined,
    becomes: Deed | undefined
  ): Promise<boolean> {
    const { kernel, deeds, log } = this.#parts
    const { operations, changes, rest } = deeds.release(key, becomes)
    const isDone = await this.#removed.during(operations, () =>
      takeBack(kernel, operations, netns, log)
    )
    if (!isDone || this.#write(changes()) !== undefined) {
      deeds.restore(key, rest)
      return false
    }
    deeds.settle(key)
    return true
  }

  #write(changes: readonly JournalChange[]): NotCoordinated | undefined {
    const { journal, log } = this.#parts
    try {
      journal.commit(changes)
      return undefined
    } catch (error) {
      if (!(error instanceof StoreFailedError)) throw error
      log.error({ error }, 'the journal of the coordinator cannot be written')
      return { type: 'NotCoordinated', why: 'Disk', detail: error.message }
    }
  }

  /** Another namespace may have its path by now. */
  #pathOf({ sandbox }: Deed): string | undefined {
    if (sandbox.namespace === undefined) return undefined
    const seen = this.#parts.probe.see(sandbox.path)
    return seen.type === 'Namespace' && seen.id === sandbox.namespace ? sandbox.path : undefined
  }

  #note(key: JournalKey, began: Moment): void {
    const text = keyText(key)
    this.#ends.delete(text)
    this.#ends.set(text, began)
    const [oldest] = this.#ends.keys()
    if (this.#ends.size > endsMax && oldest !== undefined) this.#ends.delete(oldest)
  }

  #isOver(key: CoordinationOrder['key'], began: Moment): boolean {
    const end = this.#ends.get(keyText(key))
    return end !== undefined && isBefore(began, end, this.#parts.boot)
  }

  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) {
      if (this.#warned.has(warning)) continue
      this.#warned.add(warning)
      this.#parts.log.warn({ warning }, 'pods start with less than the coordinator could do')
    }
  }

  #notPossible({ why, detail }: NotPossible): NotCoordinated {
    if (why === 'Forbidden') this.#obstacle = detail
    const isBusy = why === 'Busy' || why === 'Late' || why === 'Closed'
    return { type: 'NotCoordinated', why: isBusy ? 'Busy' : why, detail }
  }
}

const overtaken: NotCoordinated = {
  type: 'NotCoordinated',
  why: 'Overtaken',
  detail: 'the sandbox was deleted meanwhile'
}
