// The last part of an ADD: its addresses are looked for on the link, made durable and told.

import { type Address, formatAddress } from '../core/address.ts'
import { type Attachment, keyText } from '../core/attachment.ts'
import { isToCome } from '../core/attachment-index.ts'
import { demandText } from '../core/demand.ts'
import type { Finding, Squatted } from '../core/detection.ts'
import type { StoreFailedError } from '../core/errors.ts'
import { ofAttachment } from '../core/event.ts'
import type { IpPool } from '../core/ip-pool.ts'
import type { Refusal } from '../core/refusal.ts'
import { attachmentsOf } from '../core/selection/outcome.ts'
import type { Change } from '../ports/attachment-store.ts'
import type { Errand, Waiter } from './errand.ts'
import type { Ledger } from './ledger.ts'
import type { LinkCheck } from './link-check.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { ActorContext } from './runtime/behaviour.ts'

/** Squatters on more addresses than this are a network that belongs to somebody else. */
const conflictsMax = 8

/** What becomes of an errand here, for whoever leads it. */
export interface Outcomes {
  isOpen(errand: Errand): boolean
  /** It takes nothing more; its decision is on its way to the disk. */
  close(errand: Errand): void
  giveUp(errand: Errand, refusal: Refusal): void
  /** What it got does not serve: others have to be got. */
  again(errand: Errand): void
  failed(errand: Errand, error: StoreFailedError): void
  done(errand: Errand): void
}

export class Completion {
  readonly #ledger: Ledger
  readonly #boot: string
  readonly #context: ActorContext<AllocatorMessage>
  readonly #links: LinkCheck
  readonly #outcomes: Outcomes

  constructor(
    ledger: Ledger,
    boot: string,
    context: ActorContext<AllocatorMessage>,
    links: LinkCheck,
    outcomes: Outcomes
  ) {
    this.#ledger = ledger
    this.#boot = boot
    this.#context = context
    this.#links = links
    this.#outcomes = outcomes
  }

  /** The addresses are got. Those of other interfaces are looked for when these are there. */
  begin(errand: Errand): void {
    const { key, demand, deadline } = errand.request
    const { link } = demand
    this.#links.ask(
      {
        ...{ netns: errand.sandbox(this.#boot).path, ifname: key.ifname },
        ...(link?.master !== undefined && { master: link.master }),
        wish: link?.detection ?? {},
        gains: this.#gainsOf(errand),
        leftMs: deadline - this.#context.clock.monotonicMs()
      },
      finding => this.#examined(errand, finding)
    )
  }

  #gainsOf(errand: Errand): readonly { readonly address: Address; readonly pool: IpPool }[] {
    const { ifname } = errand.request.key
    const { pools } = this.#ledger
    if (errand.adopts === undefined) return errand.holdings.filter(one => one.ifname === ifname)
    return errand.adopts.assignments.flatMap(({ address, pool: name }) => {
      const pool = pools.get(name)
      return pool === undefined ? [] : [{ address, pool }]
    })
  }

  #examined(errand: Errand, finding: Finding): void {
    if (!this.#outcomes.isOpen(errand)) return
    switch (finding.type) {
      case 'NoGateway':
        return this.#outcomes.giveUp(errand, finding.refusal)
      case 'Conflict':
        return this.#conflict(errand, finding.conflicts)
      case 'Unasked':
        this.#ledger.log.warn(
          { ...errand.request.key, why: finding.why },
          'the link could not be asked about the addresses of a pod; they are given as they are'
        )
        return this.#commit(errand)
      case 'Clear':
        errand.isProven = true
        return this.#commit(errand)
      case 'NotWanted':
        return this.#commit(errand)
    }
  }

  /** Nobody here gets these addresses for a while; a pod that wants no certain ones gets others. */
  #conflict(errand: Errand, conflicts: readonly Squatted[]): void {
    errand.conflicts.push(...conflicts)
    for (const { address, mac } of conflicts) {
      this.#ledger.log.warn(
        { address: formatAddress(address), mac, ...errand.request.key },
        'a host that is no pod of this cluster has an address of a pool; the address is out of use for a while'
      )
    }
    const named = conflicts.filter(({ address }) => errand.isNamed(address))
    if (named.length > 0 || errand.conflicts.length >= conflictsMax) {
      const addresses = named.length > 0 ? named : errand.conflicts
      return this.#outcomes.giveUp(errand, { reason: 'AddressConflict', addresses })
    }
    if (errand.adopts !== undefined) return this.#replace(errand, errand.adopts, conflicts)
    for (const { address, mac } of conflicts) {
      const at = errand.holdings.findIndex(holding => holding.address === address)
      const [holding] = errand.holdings.splice(at, 1)
      holding?.subnet.insist({ type: 'Quarantine', address, mac })
    }
    this.#outcomes.again(errand)
  }

  /** What was decided earlier does not serve: it is let go, and the interface gets its own. */
  #replace(errand: Errand, adopts: Attachment, conflicts: readonly Squatted[]): void {
    const ledger = this.#ledger
    const since = this.#context.clock.monotonicMs()
    const { sandbox } = adopts
    const addresses = adopts.assignments.map(one => one.address)
    const detach: Change = {
      ...{ type: 'Detach', key: adopts.key, addresses },
      ...{ since, boot: this.#boot }
    }
    ledger.decide(
      adopts.key,
      [detach],
      () => {
        errand.adopts = undefined
        ledger.chronicle.note({ type: 'Released', ...ofAttachment(adopts), cause: 'Conflict' })
        for (const one of adopts.assignments) {
          const { address } = one
          const subnet = ledger.subnetOf(one)
          const squatted = conflicts.find(conflict => conflict.address === address)
          if (squatted !== undefined) subnet.insist({ type: 'Quarantine', ...squatted })
          else subnet.insist({ type: 'Cool', address, since, sandbox, vacated: false })
        }
        if (this.#outcomes.isOpen(errand)) this.#outcomes.again(errand)
      },
      error => this.#outcomes.failed(errand, error)
    )
  }

  #commit(errand: Errand): void {
    const { key, pod, demand } = errand.request
    const { adopts } = errand
    const common = { key, pod, sandbox: errand.sandbox(this.#boot), demand: demandText(demand) }
    const attachments =
      adopts === undefined
        ? attachmentsOf(
            { ...common, createdAtMs: this.#context.clock.wallMs() },
            errand.decision,
            errand.holdings,
            this.#ledger.attachments.of(key.containerId)
          )
        : [{ ...adopts, ...common }]
    if ('reason' in attachments) return this.#outcomes.giveUp(errand, attachments)
    this.#outcomes.close(errand)
    this.#ledger.decide(
      key,
      this.#changes(errand, attachments),
      () => {
        for (const attachment of attachments) this.#attached(errand, attachment)
        this.#outcomes.done(errand)
      },
      error => this.#outcomes.failed(errand, error)
    )
  }

  #changes(errand: Errand, attachments: readonly Attachment[]): Change[] {
    const { adopts, holdings } = errand
    const attaches = attachments.map((attachment): Change => ({ type: 'Attach', attachment }))
    const cursors = holdings
      .filter(({ address }) => !errand.isNamed(address))
      .map(({ address, pool }): Change => ({ type: 'MoveCursor', pool: pool.name, address }))
    if (adopts === undefined) return [...attaches, ...cursors]
    const since = this.#context.clock.monotonicMs()
    const addresses = adopts.assignments.map(({ address }) => address)
    const detach = {
      ...({ type: 'Detach', key: adopts.key, addresses } as const),
      since,
      boot: this.#boot
    }
    return [detach, ...attaches]
  }

  #attached(errand: Errand, attachment: Attachment): void {
    const ledger = this.#ledger
    ledger.attachments.set(attachment)
    const { trace } = errand.request
    ledger.chronicle.note({
      ...{ type: 'Allocated', ...ofAttachment(attachment) },
      ...(trace !== undefined && { trace })
    })
    for (const assignment of attachment.assignments) {
      const { address } = assignment
      const subnet = ledger.subnetOf(assignment)
      if (errand.adopts === undefined) subnet.insist({ type: 'Confirm', address })
      else subnet.insist({ type: 'Rename', address, holder: keyText(attachment.key) })
      const keeper = errand.keeperOf(attachment.key.ifname)
      if (keeper !== undefined) ledger.keep(assignment, keeper)
    }
    if (isToCome(attachment.key)) return
    this.#tell(attachment, errand.waiters)
    if (errand.isProven) this.#links.announce(attachment)
  }

  #tell(attachment: Attachment, to: readonly Waiter[]): void {
    for (const { client, replyTo } of to) {
      this.#ledger.deliveries.open(keyText(attachment.key), client)
      replyTo({ type: 'Allocated', attachment })
    }
  }
}
