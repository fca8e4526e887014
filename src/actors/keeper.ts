// Looks after what is kept for pods that come back: that it is written down for those who are here, and that it ends
// when their owner does. What nobody can know for certain goes on being kept.

import type { Attachment } from '../core/attachment.ts'
import { isToCome } from '../core/attachment-index.ts'
import type { Kept } from '../core/keep-index.ts'
import type { Address } from '../core/address.ts'
import {
  type FixedKinds,
  hasOrdinal,
  holderOf,
  identityOf,
  ownerOf
} from '../core/selection/identity.ts'
import type { PodFacts } from '../ports/pod-facts.ts'
import type { Ledger } from './ledger.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { ActorContext } from './runtime/behaviour.ts'

const tickMs = 1_000
/** How many are looked at in one go, so that no ADD waits for it. */
const atOnce = 256
/** An owner has to be gone twice, so far apart: what tells of it may be in the middle of a change. */
const secondLookMs = 10_000

export class Keeper {
  readonly #ledger: Ledger
  readonly #facts: PodFacts
  readonly #kinds: FixedKinds
  readonly #context: ActorContext<AllocatorMessage>
  /** What seems to be kept for nobody, and since when. */
  readonly #doubts = new Map<Address, number>()
  #kept: Iterator<Kept> = [].values()
  #held: Iterator<Attachment> = [].values()

  constructor(
    ledger: Ledger,
    facts: PodFacts,
    kinds: FixedKinds,
    context: ActorContext<AllocatorMessage>
  ) {
    this.#ledger = ledger
    this.#facts = facts
    this.#kinds = kinds
    this.#context = context
    context.schedule('keep', tickMs, { type: 'KeepTick' })
  }

  tick(): void {
    const { keeps, attachments } = this.#ledger
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
    const { keeps } = this.#ledger
    if (isToCome(attachment.key)) return
    const unkept = attachment.assignments.filter(({ address }) => keeps.at(address) === undefined)
    if (unkept.length === 0) return
    const identity = identityOf(attachment.pod, this.#facts.of(attachment.pod), this.#kinds)
    if (identity === undefined) return
    const holder = holderOf(identity, attachment.key.ifname)
    for (const assignment of unkept) this.#ledger.keep(assignment, holder)
  }

  #review(kept: Kept): void {
    const why = this.#whyNot(kept)
    const { address, bind } = kept
    const now = this.#context.clock.monotonicMs()
    const since = this.#doubts.get(address)
    if (why === undefined) return void this.#doubts.delete(address)
    if (since === undefined) return void this.#doubts.set(address, now)
    if (now - since < secondLookMs) return
    this.#doubts.delete(address)
    this.#ledger.subnetAt(kept.subnet)?.insist({ type: 'Unkeep', address, bind, why })
  }

  #whyNot(kept: Kept): string | undefined {
    const { holder } = kept.bind
    if (this.#ledger.keeps.isSuperseded(kept)) return 'its holder has another one since'
    const owner = ownerOf(holder)
    if (owner === undefined) return undefined
    const workload = this.#facts.workload(owner)
    if (workload === 'Unknown') return undefined
    const { kind, namespace, name, ordinal } = owner
    if (workload === 'Gone') return `the ${kind} ${namespace}/${name} is gone`
    if (ordinal === undefined || hasOrdinal(workload, ordinal)) return undefined
    return `the ${kind} ${namespace}/${name} has no pod ${ordinal} any more`
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
