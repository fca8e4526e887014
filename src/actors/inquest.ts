// INQUEST, one per subnet: asks every member what it knows, when that has to be certain: before this node takes
// over from one that is gone, and before it serves again after it was away.

import { AddressSet } from '../core/address-set.ts'
import type { MemberIndex, Run } from '../core/lease/register.ts'
import { Round } from '../core/lease/round.ts'
import type { Rules } from '../core/lease/rules.ts'
import type { Body, BodyOf } from '../core/protocol.ts'
import type { ClusterView } from '../core/registry/cluster-view.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'
import type { ConfirmMode } from './house.ts'
import type { AskWhetherForgotten, InquestMessage, Testified } from './messages/inquest.ts'
import type { MembershipMessage } from './messages/membership.ts'
import type { SecretaryMessage } from './messages/secretary.ts'
import type { SubnetMessage } from './messages/subnet.ts'
import type { ActorContext, Behaviour } from './runtime/behaviour.ts'
import { lively } from './runtime/lively.ts'
import type { ActorRef } from './runtime/ref.ts'

const mailboxLimit = 65_536
const nonceBytes = 8

/** How often a question is repeated to those who have not answered. */
const repeatMs = 1_000
/** How long a node that was away waits for those who may be unreachable. */
const patienceMs = 5_000

export interface InquestOptions {
  readonly domain: string
  readonly random: Random
  readonly log: Log
  readonly rules: Rules
  readonly incarnation: string
  readonly confirm: ConfirmMode
  readonly view: ClusterView
  readonly subnet: ActorRef<SubnetMessage>
  readonly membership: ActorRef<MembershipMessage>
  readonly secretary: ActorRef<SecretaryMessage>
}

type Matter =
  | { readonly type: 'Inheritance' }
  | { readonly type: 'Absence'; readonly question: AskWhetherForgotten }

/** What is being looked into; one at a time, since a node that was away inherits nothing yet. */
interface Case {
  readonly matter: Matter
  round: Round<BodyOf<'Collected'> | BodyOf<'Confirmed'>> | undefined
  /** When the round began: until then nobody had anything to answer. */
  askedAt: number
}

export function inquest(options: InquestOptions): Behaviour<InquestMessage, Inquest> {
  return {
    name: 'inquest',
    mailboxLimit,
    start: context => new Inquest(options, context),
    ...lively<InquestMessage, Inquest>()
  }
}

class Inquest {
  readonly #options: InquestOptions
  readonly #context: ActorContext<InquestMessage>
  #view: ClusterView
  #case: Case | undefined
  /** Another matter came up meanwhile. */
  #inheritsNext = false
  #isReading = false

  constructor(options: InquestOptions, context: ActorContext<InquestMessage>) {
    this.#options = options
    this.#context = context
    this.#view = options.view
  }

  describe(): unknown {
    const { waits, type } = { waits: this.#isReading, type: this.#case?.matter.type }
    return { matter: type ?? 'none', readsRegistry: waits, another: this.#inheritsNext }
  }

  receive(message: InquestMessage): void {
    switch (message.type) {
      case 'Inherit':
        if (this.#case !== undefined) this.#inheritsNext = true
        else this.#open({ type: 'Inheritance' })
        return
      case 'AskWhetherForgotten':
        if (this.#case !== undefined) this.#inheritsNext = true
        return this.#open({ type: 'Absence', question: message })
      case 'HeadRead':
        return this.#headRead(message.index)
      case 'ViewAdvanced':
        this.#view = message.view
        return this.#judgeVoid()
      case 'Testified':
        return this.#testified(message)
      case 'InquestTick':
        return this.#tick()
    }
  }

  #open(matter: Matter): void {
    this.#case = { matter, round: undefined, askedAt: 0 }
    this.#readHead()
  }

  /** A round begins with what the registry says now, not with what this node has heard of it. */
  #readHead(): void {
    const { rules, secretary } = this.#options
    const matter = this.#case?.matter
    // On suspicion it is the peers who may know; the registry may be away, and pods wait.
    const isSuspicion = matter?.type === 'Absence' && matter.question.isSuspicion === true
    if (matter?.type === 'Absence' && (!rules.bootRead || isSuspicion)) return this.#begin()
    this.#context.schedule('tick', repeatMs, { type: 'InquestTick' })
    if (this.#isReading) return
    this.#isReading = true
    secretary.insist({ type: 'ReadHead', replyTo: head => this.#context.self.insist(head) })
  }

  #headRead(index: number | undefined): void {
    this.#isReading = false
    if (this.#case === undefined || this.#case.round !== undefined) return
    if (index === undefined || index > this.#view.index) return
    this.#begin()
  }

  #begin(): void {
    const me = this.#me()
    if (this.#case === undefined) return
    if (me === undefined) {
      // Not a member yet, so nothing was ever owned, and nothing can have been forgotten.
      if (this.#case.matter.type === 'Absence') return this.#close({ type: 'Cleared' })
      return this.#close(undefined)
    }
    this.#case.round = new Round(this.#options.random.hex(nonceBytes), this.#view, me)
    this.#case.askedAt = this.#context.clock.monotonicMs()
    this.#ask()
    this.#judge()
  }

  #me(): MemberIndex | undefined {
    return this.#view.byIncarnation.get(this.#options.incarnation)?.index
  }

  #ask(): void {
    const open = this.#case
    if (open?.round === undefined) return
    const { domain, membership } = this.#options
    const { nonce, index: round, missing } = open.round
    const body: Body =
      open.matter.type === 'Inheritance'
        ? { type: 'Collect', domain, nonce, round }
        : {
            type: 'Confirm',
            domain,
            nonce,
            wctr: open.matter.question.wctr,
            runs: open.matter.question.runs
          }
    this.#options.subnet.insist({ type: 'WaitsFor', nonce, members: missing })
    for (const to of missing) membership.insist({ type: 'Post', to, body })
    this.#context.schedule('tick', repeatMs, { type: 'InquestTick' })
  }

  #testified({ from, testimony }: Testified): void {
    const open = this.#case
    if (open?.round === undefined) return
    const isOfThisRound = testimony.nonce === open.round.nonce || !this.#options.rules.nonce
    const isFitting = (testimony.type === 'Collected') === (open.matter.type === 'Inheritance')
    if (!isOfThisRound || !isFitting) return
    open.round.receive(from, testimony)
    this.#judge()
  }

  #tick(): void {
    if (this.#case === undefined) return
    if (this.#case.round === undefined) return this.#readHead()
    this.#judge()
    this.#ask()
  }

  /** Whoever was removed before it answered took its knowledge along: everybody is asked again. */
  #judgeVoid(): void {
    const open = this.#case
    if (open?.round === undefined || !this.#options.rules.voidRound) return
    if (!open.round.isVoid(this.#view)) return
    this.#options.log.info(
      { domain: this.#options.domain },
      'a round is void: a member was removed'
    )
    open.round = undefined
    this.#readHead()
  }

  #judge(): void {
    const open = this.#case
    if (open?.round === undefined) return
    if (open.matter.type === 'Inheritance') this.#judgeInheritance(open.round)
    else this.#judgeAbsence(open.round, open.askedAt, open.matter.question)
  }

  #judgeInheritance(round: NonNullable<Case['round']>): void {
    const { rules } = this.#options
    const isGone = (member: MemberIndex) => this.#view.members.get(member)?.removed !== undefined
    const missing = rules.voidRound ? round.missing : round.missing.filter(one => !isGone(one))
    if (rules.unanimous ? missing.length > 0 : round.answers.size * 2 < missing.length) return
    const runs: Run[] = []
    const live = new Map<MemberIndex, AddressSet>()
    for (const [member, testimony] of round.answers) {
      if (testimony.type !== 'Collected') continue
      if (!rules.testimonyAtOnce) runs.push(...testimony.runs)
      live.set(member, AddressSet.of(testimony.live))
    }
    this.#close({ type: 'Conclude', round: round.index, runs, live })
  }

  #judgeAbsence(
    round: NonNullable<Case['round']>,
    askedAt: number,
    question: AskWhetherForgotten
  ): void {
    const { confirm, rules } = this.#options
    const isSuspicion = question.isSuspicion === true
    let claims: readonly number[] = []
    for (const [member, testimony] of round.answers) {
      if (testimony.type !== 'Confirmed') continue
      const node = this.#view.members.get(member)?.node ?? String(member)
      const hasNewer = rules.confirmRegisters && testimony.newer.length > 0
      const hasPods = rules.confirmLive && testimony.live.length > 0
      const isHigher = rules.confirmRegisters && testimony.wctr > question.wctr
      if (isHigher) claims = [...claims, testimony.wctr]
      if (hasNewer || hasPods || (isHigher && !isSuspicion)) {
        const what = hasPods ? 'its pods live on addresses of this node' : 'it knows newer leases'
        const evidence = `node ${node} remembers what this node's database does not: ${what}`
        return this.#close({ type: 'Exposed', evidence })
      }
    }
    const isPatient = this.#context.clock.monotonicMs() - askedAt < patienceMs
    if (isSuspicion) return this.#judgeSuspicion(round, claims, isPatient)
    if (round.isComplete || confirm === 'none') return this.#close({ type: 'Cleared' })
    if (confirm === 'all' || isPatient || round.answers.size === 0) return
    this.#close({ type: 'Cleared' })
  }

  /** Counts without registers: the word of one against all others is not enough, that of two is. */
  #judgeSuspicion(
    round: NonNullable<Case['round']>,
    claims: readonly number[],
    isPatient: boolean
  ): void {
    if (!round.isComplete && isPatient) return
    const isOverruled = claims.length === 1 && round.isComplete && round.answers.size > 1
    if (claims.length > 0 && !isOverruled) {
      const evidence = `others remember more writes of this node than it does: ${claims.join(', ')}`
      return this.#close({ type: 'Exposed', evidence })
    }
    const [wctr] = claims
    this.#close({ type: 'Cleared', ...(wctr !== undefined && { wctr }) })
  }

  #close(verdict: SubnetMessage | undefined): void {
    const { subnet } = this.#options
    this.#case = undefined
    this.#context.cancel('tick')
    subnet.insist({ type: 'WaitsFor', members: [] })
    if (verdict !== undefined) subnet.insist(verdict)
    if (!this.#inheritsNext) return
    this.#inheritsNext = false
    this.#open({ type: 'Inheritance' })
  }
}
