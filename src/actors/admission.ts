// The way in: how an ADD becomes an attachment, or a reason why not.

import { type Attachment, keyText } from '../core/attachment.ts'
import { demandText } from '../core/demand.ts'
import type { StoreFailedError } from '../core/errors.ts'
import { StoreFullError } from '../core/errors.ts'
import type { Refusal } from '../core/refusal.ts'
import { isBefore, type Moment } from '../core/sandbox.ts'
import { decide } from '../core/selection/decide.ts'
import { type Decision, nothingToDecide } from '../core/selection/decision.ts'
import { explain, type Explanation } from '../core/selection/explain.ts'
import { keyFor } from '../core/selection/outcome.ts'
import { Completion } from './completion.ts'
import { Errand, type Step, type Waiter } from './errand.ts'
import { Followers } from './followers.ts'
import type { Growth } from './growth.ts'
import type { Ledger } from './ledger.ts'
import type { LinkCheck } from './link-check.ts'
import type { Allocate, AllocatorMessage, Explain, Reserved } from './messages/allocator.ts'
import type { ReserveReply } from './messages/subnet.ts'
import type { ActorContext } from './runtime/behaviour.ts'

/** How often a pod looks again whose application is being given more addresses: a commit away, mostly. */
const growingMs = 20

export class Admission {
  readonly #ledger: Ledger
  readonly #boot: string
  readonly #context: ActorContext<AllocatorMessage>
  readonly #byKey = new Map<string, Errand>()
  readonly #byId = new Map<number, Errand>()
  readonly #growth: Growth
  readonly #followers = new Followers()
  readonly #completion: Completion
  #lastId = 0

  constructor(
    ledger: Ledger,
    boot: string,
    context: ActorContext<AllocatorMessage>,
    links: LinkCheck,
    growth: Growth
  ) {
    this.#ledger = ledger
    this.#boot = boot
    this.#context = context
    this.#growth = growth
    this.#completion = new Completion(ledger, boot, context, links, {
      isOpen: errand => this.#byId.has(errand.id),
      close: errand => this.#close(errand),
      giveUp: (errand, refusal) => this.giveUp(errand, refusal),
      again: errand => this.#again(errand),
      failed: (errand, error) => {
        this.#close(errand)
        this.#end(errand, storeRefusal(error))
      },
      done: errand => this.#lead(errand)
    })
  }

  /** Requests that wait for their addresses, for people. */
  get open(): readonly unknown[] {
    return [...this.#byKey].map(([key, { request }]) => ({
      ...{ key, pod: request.pod, demand: demandText(request.demand) }
    }))
  }

  allocate(message: Allocate): void {
    const key = keyText(message.key)
    const objection = this.#ledger.tombstones.objection(message.key, message.sandbox.began)
    if (objection === 'Deleted') return refuse(message, { reason: objection })
    const attachment = this.#ledger.attachments.get(key)
    if (attachment !== undefined) return this.#repeat(message, attachment)
    const errand = this.#byKey.get(key)
    if (errand !== undefined) return join(message, errand)
    if (objection !== undefined) return refuse(message, { reason: objection })
    const decided = this.#ledger.attachments.toCome(message.key)
    if (decided !== undefined && this.#ledger.isSettling(decided.key)) {
      // It is just being let go.
      return this.#ledger.whenSettled(decided.key, () => this.allocate(message))
    }
    if (decided !== undefined) {
      // Nobody else takes it meanwhile.
      this.#ledger.attachments.delete(decided.key)
      return this.#start(message, nothingToDecide, decided)
    }
    if (this.#followers.join(message)) return
    const decision = this.#decide(message)
    if (decision.refusal !== undefined) return refuse(message, decision.refusal)
    if (decision.interfaces.length > 1) this.#followers.open(message.key)
    this.#start(message, decision)
  }

  #start(message: Allocate, decision: Decision, adopts?: Attachment): void {
    this.#lastId += 1
    const started = new Errand(this.#lastId, message, decision, adopts)
    this.#byKey.set(keyText(message.key), started)
    this.#byId.set(started.id, started)
    this.#take(started, started.next())
  }

  #decide({ key, pod, demand }: Allocate): Decision {
    const { pools, attachments } = this.#ledger
    const siblings = attachments.of(key.containerId).map(one => one.key.ifname)
    const facts = this.#ledger.factsOf(pod)
    const keeps = this.#ledger.keepsFor(pod, facts)
    return decide({ key, pod, demand, facts, pools, siblings, keeps })
  }

  /** What would be decided for a pod that has no interface yet. */
  explain({ pod, ifname, demand, usages }: Explain): Explanation {
    const { pools } = this.#ledger
    const facts = this.#ledger.factsOf(pod)
    const keeps = this.#ledger.keepsFor(pod, facts)
    return explain({ key: { ifname }, pod, demand, facts, pools, siblings: [], keeps }, usages)
  }

  /** The same key again: a lost answer is told again, another demand is refused. */
  #repeat(message: Allocate, attachment: Attachment): void {
    const wants = demandText(message.demand)
    const had = attachment.demand
    if (wants !== had) return refuse(message, { reason: 'DemandChanged', had, wants })
    const { sandbox } = message
    const tell = (told: Attachment) => {
      this.#ledger.deliveries.join(keyText(message.key), message.client)
      message.replyTo({ type: 'Allocated', attachment: told })
    }
    if (!isBefore(attachment.sandbox.began, sandbox.began, this.#boot)) return tell(attachment)
    // A later ADD is a new life in perhaps another namespace. That must be known before its pod lives:
    // the reaper goes by the namespace, and a DEL that is still under way by the time of the ADD.
    const moved = { ...attachment, sandbox }
    this.#ledger.decide(
      message.key,
      [{ type: 'Resettle', key: message.key, sandbox }],
      () => {
        this.#ledger.attachments.set(moved)
        tell(moved)
      },
      error => refuse(message, storeRefusal(error))
    )
  }

  #take(errand: Errand, step: Step): void {
    switch (step.type) {
      case 'Ask':
        return this.#ask(errand, step)
      case 'Complete':
        return this.#completion.begin(errand)
      case 'Refuse':
        if (!this.#isGrowing(errand)) return this.giveUp(errand, step.refusal)
        return this.#take(errand, { type: 'WaitFor', ms: growingMs, refusal: step.refusal })
      case 'WaitFor': {
        cancelHoldings(errand)
        const left = errand.request.deadline - this.#context.clock.monotonicMs()
        if (left <= 0) return this.giveUp(errand, step.refusal)
        const ms = Math.max(1, Math.min(step.ms, left))
        const retry: AllocatorMessage = { type: 'RetryTick', errand: errand.id }
        return this.#context.schedule(timerOf(errand), ms, retry)
      }
    }
  }

  /** Its application is being given more addresses than were known when the errand was decided. */
  #isGrowing({ reservation }: Errand): boolean {
    if (reservation === undefined) return false
    const { keeper, family, addresses } = reservation
    if (this.#growth.isUnderWay(keeper, family, this.#context.clock.monotonicMs())) return true
    return this.#ledger.keeps.of(keeper, family).some(({ address }) => !addresses.includes(address))
  }

  #ask(errand: Errand, { claim, attempt }: Extract<Step, { type: 'Ask' }>): void {
    const { pool } = attempt
    const subnet = this.#ledger.subnetOf(pool)
    const { deadline } = errand.request
    const holder = keyText(keyFor(errand.request.key, claim.ifname))
    const replyTo = (reply: ReserveReply): void => {
      this.#context.self.insist({ type: 'Reserved', errand: errand.id, subnet, ...reply })
    }
    const told =
      attempt.type === 'Next'
        ? subnet.tell({ type: 'Reserve', pool: pool.name, holder, deadline, replyTo })
        : subnet.tell({
            type: 'ReserveExact',
            address: attempt.address,
            pools: claim.pools.map(({ name }) => name),
            holder,
            ...(claim.keeper !== undefined && { keeper: claim.keeper }),
            deadline,
            replyTo
          })
    if (!told) this.giveUp(errand, { reason: 'Overloaded' })
  }

  reserved(message: Reserved): void {
    const { errand: id, subnet, reservation, usage, lack } = message
    const errand = this.#byId.get(id)
    if (errand !== undefined && this.#ledger.isSettling(errand.request.key)) {
      return this.#ledger.whenSettled(errand.request.key, () => this.reserved(message))
    }
    if (errand !== undefined)
      return this.#take(errand, errand.receive(reservation, usage, subnet, lack))
    if (reservation.type === 'Reserved') {
      subnet.insist({ type: 'Cancel', address: reservation.address })
    }
  }

  retry(id: number): void {
    const errand = this.#byId.get(id)
    if (errand !== undefined) this.#again(errand)
  }

  /** Pools may have changed meanwhile, so everything is decided anew. */
  #again(errand: Errand): void {
    cancelHoldings(errand)
    const decision = this.#decide(errand.request)
    if (decision.refusal !== undefined) return this.giveUp(errand, decision.refusal)
    errand.restart(decision)
    this.#take(errand, errand.next())
  }

  /** A DEL came for the key: what the errand held is free again. */
  cancel(key: string, by: Moment): void {
    const isOver = ({ sandbox }: Allocate) => !isBefore(by, sandbox.began, this.#boot)
    for (const message of this.#followers.drop(key, isOver)) refuse(message, { reason: 'Deleted' })
    const errand = this.#byKey.get(key)
    if (errand === undefined) return
    for (const waiter of errand.overtaken(by, this.#boot)) refuse(waiter, { reason: 'Deleted' })
    if (errand.waiters.length === 0) this.giveUp(errand, { reason: 'Deleted' })
  }

  /** One of the clients left; when it was the last one, what the errand held is free again. */
  abandon(key: string, client: number): void {
    this.#followers.drop(key, message => message.client === client)
    const errand = this.#byKey.get(key)
    const waiter = errand?.waiters.find(one => one.client === client)
    if (errand === undefined || waiter === undefined) return
    errand.waiters.splice(errand.waiters.indexOf(waiter), 1)
    refuse(waiter, { reason: 'Deleted' })
    if (errand.waiters.length === 0) this.giveUp(errand, { reason: 'Deleted' })
  }

  giveUp(errand: Errand, refusal: Refusal): void {
    this.#close(errand)
    this.#end(errand, refusal)
  }

  /** Nothing comes of it: what it took is free again, or waits again. */
  #end(errand: Errand, refusal: Refusal): void {
    cancelHoldings(errand)
    if (errand.adopts !== undefined) this.#ledger.attachments.set(errand.adopts)
    for (const waiter of errand.waiters) refuse(waiter, refusal)
    this.#lead(errand)
  }

  /** Those that waited for what this errand would decide. */
  #lead({ request }: Errand): void {
    for (const message of this.#followers.close(request.key)) {
      this.#ledger.whenSettled(message.key, () => this.allocate(message))
    }
  }

  #close(errand: Errand): void {
    this.#byKey.delete(keyText(errand.request.key))
    this.#byId.delete(errand.id)
    this.#context.cancel(timerOf(errand))
  }
}

function join(message: Allocate, errand: Errand): void {
  const had = demandText(errand.request.demand)
  const wants = demandText(message.demand)
  if (wants !== had) return refuse(message, { reason: 'DemandChanged', had, wants })
  const { client, sandbox, replyTo } = message
  errand.waiters.push({ client, sandbox, replyTo })
}

function cancelHoldings({ holdings }: Errand): void {
  for (const { subnet, address } of holdings) subnet.insist({ type: 'Cancel', address })
  holdings.length = 0
}

function refuse({ replyTo }: Pick<Waiter, 'replyTo'>, refusal: Refusal): void {
  replyTo({ type: 'Refused', refusal })
}

function storeRefusal(error: StoreFailedError): Refusal {
  const reason = error instanceof StoreFullError ? 'StoreFull' : 'StoreFailed'
  return { reason, detail: error.message }
}

function timerOf(errand: Errand): string {
  return `errand-${errand.id}`
}
