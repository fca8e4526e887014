// Looks after what is kept for pods that come back and for applications: that it is written down for those who are
// here, that it is as much as it should be, and that it ends when its owner does. What nobody can know for certain
// goes on being kept.

import { type Address, familyOf } from '../core/address.ts'
import type { Attachment } from '../core/attachment.ts'
import { isToCome } from '../core/attachment-index.ts'
import type { Kept } from '../core/keep-index.ts'
import { applicationOf } from '../core/selection/application.ts'
import { holderOf, identityOf } from '../core/selection/identity.ts'
import { renamed, spareOf, whyNotKept } from '../core/selection/tenure.ts'
import type { PodFacts } from '../ports/pod-facts.ts'
import { type Growth, growthMs } from './growth.ts'
import type { Ledger } from './ledger.ts'
import type { AllocatorMessage, SpareReserved } from './messages/allocator.ts'
import type { ReserveReply } from './messages/subnet.ts'
import type { ActorContext } from './runtime/behaviour.ts'

const tickMs = 1_000
/** How many are looked at in one go, so that no ADD waits for it. */
const atOnce = 256
/** An owner has to be gone twice, so far apart: what tells of it may be in the middle of a change. */
const secondLookMs = 10_000
/** How many addresses a reservation grows by in one go. */
const growthMax = 16

export class Keeper {
  readonly #ledger: Ledger
  readonly #facts: PodFacts
  readonly #context: ActorContext<AllocatorMessage>
  /** What seems to be kept for nobody, and since when. */
  readonly #doubts = new Map<Address, number>()
  readonly #growth: Growth
  readonly #groups = new Map<string, readonly Kept[]>()
  #kept: Iterator<Kept> = [].values()
  #held: Iterator<Attachment> = [].values()

  constructor(
    ledger: Ledger,
    facts: PodFacts,
    growth: Growth,
    context: ActorContext<AllocatorMessage>
  ) {
    this.#ledger = ledger
    this.#facts = facts
    this.#growth = growth
    this.#context = context
    context.schedule('keep', tickMs, { type: 'KeepTick' })
  }

  tick(): void {
    const { keeps, attachments } = this.#ledger
    this.#groups.clear()
    this.#kept = some(
      this.#kept,
      () => keeps.values(),
      kept => this.#review(kept)
    )
    this.#held = some(
      this.#held,
      () => attachments.values(),
      held => this.#ensure(held)
    )
    this.#context.schedule('keep', tickMs, { type: 'KeepTick' })
  }

  /** Its facts may have come after its ADD, or the process ended between its ADD and the note. */
  #ensure(attachment: Attachment): void {
    const { keeps, fixed } = this.#ledger
    if (isToCome(attachment.key)) return
    const unkept = attachment.assignments.filter(({ address }) => keeps.at(address) === undefined)
    if (unkept.length === 0) return
    const identity = identityOf(attachment.pod, this.#facts.of(attachment.pod), fixed)
    if (identity === undefined) return
    const holder = holderOf(identity, attachment.key.ifname)
    for (const assignment of unkept) this.#ledger.keep(assignment, holder)
  }

  #review(kept: Kept): void {
    const { address, bind, isMine } = kept
    // Whoever owns it looks after it.
    if (!isMine) return void this.#doubts.delete(address)
    const { keeps, fixed } = this.#ledger
    const application = applicationOf(bind.holder)
    const group = application === undefined ? [] : this.#groupOf(kept)
    const name = renamed(bind.holder, this.#facts)
    const why = keeps.isSuperseded(kept)
      ? 'its holder has another one since'
      : name === undefined
        ? whyNotKept(kept, group, this.#facts, fixed.spare)
        : 'whether it ends with its application has changed'
    const now = this.#context.clock.monotonicMs()
    const since = this.#doubts.get(address)
    if (why === undefined) {
      this.#doubts.delete(address)
      if (application !== undefined) this.#grow(kept, group, now)
    } else if (since === undefined) this.#doubts.set(address, now)
    else if (now - since >= secondLookMs) {
      this.#doubts.delete(address)
      const subnet = this.#ledger.subnetAt(kept.subnet)
      if (name === undefined) subnet?.insist({ type: 'Unkeep', address, bind, why })
      else subnet?.insist({ type: 'Keep', address, bind: { holder: name, generation: 1 } })
    }
  }

  /** All of one reservation, put together once in a tick. */
  #groupOf({ address, bind: { holder } }: Kept): readonly Kept[] {
    const family = familyOf(address)
    const key = `${family} ${holder}`
    const group = this.#groups.get(key) ?? this.#ledger.keeps.of(holder, family)
    this.#groups.set(key, group)
    return group
  }

  /** Who owns the lowest address of a reservation has it made as large as it should be. */
  #grow(kept: Kept, group: readonly Kept[], now: number): void {
    const { address, subnet: cidr } = kept
    const keeper = kept.bind.holder
    const family = familyOf(address)
    if (group.some(other => other.address < address)) return
    const lack = spareOf(keeper, group.length, this.#facts, this.#ledger.fixed.spare)
    if (lack <= 0) return this.#growth.end(keeper, family)
    if (this.#growth.isFresh(keeper, family, now)) return
    const subnet = this.#ledger.subnetAt(cidr)
    const pool = this.#ledger.pools.values().find(one => one.isSubnet && one.usable.has(address))
    if (subnet === undefined || pool === undefined) return
    const replyTo = ({ reservation }: ReserveReply) =>
      this.#context.self.insist({ type: 'SpareReserved', keeper, family, subnet, reservation })
    const [holder, deadline] = [`reservation ${keeper}`, now + growthMs]
    let asked = 0
    while (asked < Math.min(lack, growthMax)) {
      if (!subnet.tell({ type: 'Reserve', pool: pool.name, holder, deadline, replyTo })) break
      asked += 1
    }
    this.#growth.begin(keeper, family, asked, now)
  }

  /** It is written down for whom it is, and waits for a pod. */
  spareReserved({ keeper, family, subnet, reservation }: SpareReserved): void {
    if (reservation.type !== 'Reserved') return this.#growth.missed(keeper, family)
    const { address } = reservation
    const bind = this.#ledger.keeps.bindFor(keeper, address)
    if (bind === undefined) this.#growth.missed(keeper, family)
    else subnet.insist({ type: 'Keep', address, bind })
    subnet.insist({ type: 'Cancel', address })
  }
}

/** The next ones of a round; after its end the next one begins another time. */
function some<T>(round: Iterator<T>, anew: () => Iterable<T>, handle: (one: T) => void) {
  for (let i = 0; i < atOnce; i += 1) {
    const { done, value } = round.next()
    if (done === true) return anew()[Symbol.iterator]()
    handle(value)
  }
  return round
}
