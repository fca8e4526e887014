// The coordinator of a node: look, plan, write down, carry out. What it writes down before it acts is all that it
// needs to take it back.

import { keyText } from '../core/attachment.ts'
import { StoreCorruptError, StoreFailedError } from '../core/errors.ts'
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
import { type LinkProber, targetsMax, usualAnnouncements } from '../ports/link-prober.ts'
import type { Log } from '../ports/log.ts'
import type { ToldAnnotations } from '../ports/pod-facts.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import type { Deed } from './deed.ts'
import { type Deeds, type Intent, roleKey } from './deeds.ts'
import { examine } from './examination.ts'
import { HeardEnds } from './heard-ends.ts'
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
  readonly told: ToldAnnotations
  readonly probe: SandboxProbe
  readonly prober: Pick<LinkProber, 'announce'>
  readonly clock: Clock
  readonly log: Log
  /** The current boot id. */
  readonly boot: string
}

export class NodeCoordinator implements Coordinator {
  readonly #parts: CoordinatorParts
  readonly #turns = new Turns()
  readonly #removed = new RemovedRules()
  readonly #ends: HeardEnds
  readonly #warned = new Set<string>()
  #obstacle: string | undefined

  constructor(parts: CoordinatorParts) {
    this.#parts = parts
    this.#ends = new HeardEnds(parts.boot)
  }

  coordinate(order: CoordinationOrder): Promise<Coordinated | NotCoordinated> {
    const { clock } = this.#parts
    const deadline = clock.monotonicMs() + order.budgetMs
    return this.#turns.take(order.key.containerId, async () => {
      const told = await this.#parts.told(order.pod)
      const wishes = podWishes(order, this.#parts.cluster.current(), told)
      if (wishes.settings.mode === 'disabled') return { type: 'Coordinated' }
      return this.#coordinate(order, wishes, deadline)
    })
  }

  /** What fails is taken back, to what was there before. */
  async #coordinate(
    order: CoordinationOrder,
    wishes: ReturnType<typeof podWishes>,
    deadline: number
  ): Promise<Coordinated | NotCoordinated> {
    const { deeds, clock } = this.#parts
    const key = roleKey(order.key, 'coordinator')
    const before = deeds.get(key)
    const outcome = await this.#attempt(order, wishes, () => deadline - clock.monotonicMs())
    if (outcome.type === 'NotCoordinated' && deeds.get(key) !== before) {
      await this.#end(key, order.sandbox.path, before)
    }
    return outcome
  }

  async #attempt(
    { key, sandbox, result }: CoordinationOrder,
    { settings, expected }: ReturnType<typeof podWishes>,
    msLeft: () => number
  ): Promise<Coordinated | NotCoordinated> {
    const { kernel, deeds, prober, log } = this.#parts
    if (this.#ends.isOver(key, sandbox.began)) return overtaken
    const intent = { key: roleKey(key, 'coordinator'), sandbox }
    const memory = memoryOf(deeds.ofPod(key.containerId))
    const look = this.#removed.look()
    const known = { settings, key, memory, result }
    const views = await survey(kernel, { ...known, netns: sandbox.path }, msLeft)
    if ('type' in views) return this.#notPossible(views)
    const found = { ...views, host: look.without(views.host) }
    const macs = cableMacs(key.containerId)
    const plan = planOf({ ...known, macs, expected, ...found })
    if ('problem' in plan) return { type: 'NotCoordinated', why: 'Settings', detail: plan.problem }
    if (this.#ends.isOver(key, sandbox.began)) return overtaken
    this.#warn(plan.warnings)
    const { mac } = plan
    const failure = await this.#bringAbout({ ...intent, ...plan }, found, msLeft)
    if (failure !== undefined) return failure
    if (mac === undefined) return { type: 'Coordinated' }
    const addresses = addressesOf(views.pod, key.ifname)
    const announced = prober.announce({
      netns: sandbox.path,
      ifname: key.ifname,
      addresses: addresses.slice(0, targetsMax),
      ...usualAnnouncements
    })
    void announced.catch((error: unknown) =>
      log.warn({ key: keyText(key), error }, 'the changed hardware address is not announced')
    )
    return { type: 'Coordinated', mac }
  }

  /** First written down, then done. */
  async #bringAbout(
    intent: Intent,
    views: Views,
    msLeft: () => number
  ): Promise<NotCoordinated | undefined> {
    const { kernel, log } = this.#parts
    const { key, sandbox, steps } = intent
    const operations = missingSteps(steps, views)
    const unwritten = this.#writeDown(intent, views)
    if (unwritten !== undefined || operations.length === 0) return unwritten
    await this.#removed.settle(operations)
    const netns = sandbox.path
    const outcome = await kernel.carryOut({ netns, operations, budgetMs: msLeft() })
    if (outcome.type === 'Done') return undefined
    const { detail } = outcome
    log.warn({ key: keyText(key), detail }, 'a step failed; all are taken back')
    if (outcome.type === 'NotPossible') return this.#notPossible(outcome)
    return { type: 'NotCoordinated', why: 'Failed', detail }
  }

  #writeDown(intent: Intent, views: Views): NotCoordinated | undefined {
    const { deeds } = this.#parts
    if (intent.steps.length === 0) return undefined
    const { changes, drop } = deeds.put(deeds.deedFor(intent, views))
    const unwritten = this.#write(changes)
    if (unwritten !== undefined) drop()
    return unwritten
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
    this.#ends.note(key, began)
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
    const taking = this.#removed.during(operations, () => takeBack(kernel, operations, netns, log))
    const isDone = await taking.catch((error: unknown) => {
      log.error({ error }, 'what was done for a pod could not be taken back')
      return false
    })
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
      const isDisk = error instanceof StoreFailedError || error instanceof StoreCorruptError
      if (!isDisk) throw error
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
