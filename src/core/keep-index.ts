// For whom addresses are kept, over all subnets, by address and by holder: where a pod that comes back looks first.

import { type Address, type Family, familyOf } from './address.ts'
import { type Bind, isBindable } from './lease/bind.ts'
import type { BindNews } from './lease/binds.ts'
import type { MemberIndex } from './lease/register.ts'
import { applicationOf } from './selection/application.ts'

export interface Kept {
  readonly address: Address
  /** In CIDR notation. */
  readonly subnet: string
  readonly bind: Bind
  /** Its custody is this node's. */
  readonly isMine: boolean
}

export class KeepIndex {
  readonly #byAddress = new Map<Address, Kept>()
  readonly #byHolder = new Map<string, Map<Address, Kept>>()

  get size(): number {
    return this.#byAddress.size
  }

  at(address: Address): Kept | undefined {
    return this.#byAddress.get(address)
  }

  values(): Iterable<Kept> {
    return this.#byAddress.values()
  }

  /** What is kept for a holder, the one that counts first. */
  of(holder: string, family: Family): readonly Kept[] {
    const kept = [...(this.#byHolder.get(holder)?.values() ?? [])]
    return kept.filter(({ address }) => familyOf(address) === family).sort(byRank)
  }

  /** `me`: this node as a member. */
  apply(subnet: string, news: readonly BindNews[], me: MemberIndex | undefined): void {
    for (const [address, bound] of news) {
      this.#delete(address)
      if (bound === undefined) continue
      const { owner, ...bind } = bound
      this.#set({ address, subnet, bind, isMine: owner === me })
    }
  }

  /** How an address that this holder has got is to be kept; undefined when it is so already, or cannot be. */
  bindFor(holder: string, address: Address): Bind | undefined {
    if (!isBindable(holder)) return undefined
    // What an application has is all of one rank.
    if (applicationOf(holder) !== undefined) {
      return this.at(address)?.bind.holder === holder ? undefined : { holder, generation: 1 }
    }
    const [first] = this.of(holder, familyOf(address))
    if (first?.address === address) return undefined
    return { holder, generation: (first?.bind.generation ?? 0) + 1 }
  }

  /** The holder has another one that counts more. */
  isSuperseded({ address, bind }: Kept): boolean {
    if (applicationOf(bind.holder) !== undefined) return false
    const [first] = this.of(bind.holder, familyOf(address))
    return first !== undefined && first.address !== address
  }

  #set(kept: Kept): void {
    const { address, bind } = kept
    this.#byAddress.set(address, kept)
    const others = this.#byHolder.get(bind.holder)
    if (others === undefined) this.#byHolder.set(bind.holder, new Map([[address, kept]]))
    else others.set(address, kept)
  }

  #delete(address: Address): void {
    const kept = this.#byAddress.get(address)
    if (kept === undefined) return
    this.#byAddress.delete(address)
    const others = this.#byHolder.get(kept.bind.holder)
    others?.delete(address)
    if (others?.size === 0) this.#byHolder.delete(kept.bind.holder)
  }
}

/**
 * The later one counts; of two that were bound at once on two nodes everybody picks the lower address. Of an
 * application's, which are all of one rank, this node's come first.
 */
function byRank(a: Kept, b: Kept): number {
  const isApart = applicationOf(a.bind.holder) !== undefined && a.isMine !== b.isMine
  if (isApart) return a.isMine ? -1 : 1
  return b.bind.generation - a.bind.generation || (a.address < b.address ? -1 : 1)
}
