// Looks at a whole world after every commit and every pod, and knows nothing of how it is done: who may use
// which address, and whether anybody else does at the same moment.

import { type Address, formatAddress } from '../../src/core/address.ts'
import { type AttachmentKey, keyText } from '../../src/core/attachment.ts'
import {
  compareKeys,
  keyOf,
  type MemberIndex,
  type Register,
  sameRegister
} from '../../src/core/lease/register.ts'
import { type Member, resolve } from '../../src/core/registry/cluster-view.ts'
import type { Change } from '../../src/ports/attachment-store.ts'
import type { Box } from './pods.ts'
import type { SimNode } from './sim-node.ts'
import type { SimRegistry } from './sim-registry.ts'

/** In larger worlds, where costs are counted, no register is compared with everybody's. */
const comparedMax = 30

type ChangeOf<Type extends Change['type']> = Extract<Change, { type: Type }>

/** Thrown when a rule of leases.md is broken; ends the history. */
export class Violation extends Error {
  readonly rule: string

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`)
    this.rule = rule
  }
}

export interface JudgeOptions {
  readonly nodes: readonly SimNode[]
  readonly registry: SimRegistry
  /** Whether an operator may have been wrong: then the rules that rest on that are not judged. */
  readonly isTruthful: boolean
}

export class Judge {
  readonly #options: JudgeOptions
  /** By address: the sandbox that has it, from the commit of its ADD until its link is gone. */
  readonly #holders = new Map<Address, { readonly node: SimNode; readonly box: Box }>()
  /** What each node knew of its addresses before the commit that is judged. */
  readonly #known = new Map<SimNode, Map<Address, Register>>()
  /** Nodes whose own word is that they own it; they may have been removed since, or have another word by now. */
  readonly #owning = new Map<Address, Set<SimNode>>()
  /** Requests that were granted, as long as the donor's disk remembers. */
  readonly #granted = new Map<SimNode, Set<string>>()
  /** Addresses that two durable registers give to two living members: fine while one of them does not serve. */
  readonly #suspects = new Set<Address>()
  /** The last violation with two pods, where the operator was wrong. */
  doubles = 0

  constructor(options: JudgeOptions) {
    this.#options = options
  }

  /** The member that a node's database is by the registry, if it may serve. */
  memberOf(node: SimNode): Member | undefined {
    const member = this.#options.registry.view.byIncarnation.get(node.disk.incarnation)
    return member?.removed === undefined ? member : undefined
  }

  onCommitted(node: SimNode, changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.type === 'Attach') {
        this.#attached(node, change.attachment.key, change.attachment.assignments)
      } else if (change.type === 'Detach') this.#detached(node, change.key)
      else if (change.type === 'LearnRecord') this.#learned(node, change.index, change.record)
      else if (change.type === 'Reincarnate') this.forget(node)
      else if (change.type === 'PutGrant') this.#grantedTo(node, change)
      else if (change.type === 'PutRuns') {
        for (const { start, end } of change.added) this.#moved(node, node.disk.within(start, end))
      }
    }
  }

  /** The disk of this node is another one now. */
  forget(node: SimNode): void {
    this.#known.set(node, new Map(node.disk.registers))
    this.#granted.delete(node)
    for (const [address, register] of node.disk.registers) {
      this.#noteOwner(node, address, register)
      this.#suspect(address)
    }
  }

  onOver(box: Box): void {
    for (const [address, holder] of this.#holders) {
      if (holder.box === box) this.#holders.delete(address)
    }
  }

  /** Cheap enough for after every event. */
  afterStep(): void {
    for (const address of this.#suspects) this.#twoOwners(address)
  }

  #attached(
    node: SimNode,
    key: AttachmentKey,
    assignments: readonly { readonly address: Address }[]
  ): void {
    if (node.isDrainedFromStart) {
      throw new Violation('S11', `${node.name} is being drained and allocates, after a restart`)
    }
    const box = node.pods?.box(key)
    const member = this.memberOf(node)
    for (const { address } of assignments) {
      const register = node.disk.registers.get(address)
      if (this.#options.isTruthful && (member === undefined || register?.owner !== member.index)) {
        const owner = register === undefined ? 'nobody' : `member ${register.owner}`
        throw new Violation(
          'S3',
          `${node.name} (member ${member?.index}) allocates ${formatAddress(address)}, which is of ${owner}`
        )
      }
      if (box === undefined || box.phase === 'over') continue
      this.#hold(address, node, box)
    }
  }

  #hold(address: Address, node: SimNode, box: Box): void {
    const other = this.#holders.get(address)
    if (other !== undefined && other.box !== box) {
      this.doubles += 1
      if (this.#options.isTruthful) {
        throw new Violation(
          'S1',
          `${formatAddress(address)} is of ${keyText(other.box.key)} on ${other.node.name} and of ${keyText(box.key)} on ${node.name}`
        )
      }
    }
    this.#holders.set(address, { node, box })
  }

  /** V8: a request that arrives twice moves nothing the second time. */
  #grantedTo(node: SimNode, { domain, grant: { to, id } }: ChangeOf<'PutGrant'>): void {
    if (id === 0) return
    const granted = this.#granted.get(node) ?? new Set<string>()
    this.#granted.set(node, granted)
    const name = `request ${id} of member ${to} in ${domain}`
    if (granted.has(name)) throw new Violation('V8', `${node.name} grants ${name} a second time`)
    granted.add(name)
  }

  #detached(node: SimNode, key: AttachmentKey): void {
    const box = node.pods?.box(key)
    if (box?.phase !== 'living' || box.deleted !== undefined) return
    throw new Violation('S13', `${node.name} frees ${keyText(key)}, which lives and had no DEL`)
  }

  #learned(node: SimNode, index: number, record: Uint8Array): void {
    const truth = this.#options.registry.records[index - 1]
    if (truth !== undefined && Buffer.compare(truth, record) === 0) return
    throw new Violation('S9', `${node.name} has another record ${index} than the registry`)
  }

  #moved(node: SimNode, addresses: readonly Address[]): void {
    const known = this.#known.get(node) ?? new Map<Address, Register>()
    this.#known.set(node, known)
    for (const address of addresses) {
      const now = node.disk.registers.get(address)
      if (now === undefined) continue
      const before = known.get(address)
      if (before !== undefined && sameRegister(before, now)) continue
      known.set(address, now)
      this.#noteOwner(node, address, now)
      this.#ordered(node, address, before, now)
      this.#authored(node, address, before, now)
      this.#written(node, address, now)
      this.#suspect(address)
    }
  }

  /** S4, first half. */
  #ordered(node: SimNode, address: Address, before: Register | undefined, now: Register): void {
    if (before === undefined || compareKeys(now, before) >= 0) return
    throw new Violation(
      'S4',
      `at ${node.name} ${formatAddress(address)} falls from ${keyOf(before)} to ${keyOf(now)}`
    )
  }

  /** S5: a key is written by the owner, or by the heir after everybody has promised to hear no more of the removed. */
  #authored(node: SimNode, address: Address, before: Register | undefined, now: Register): void {
    const { view } = this.#options.registry
    const me = this.memberOf(node)?.index
    if (!this.#options.isTruthful || me === undefined || now.writer !== me) return
    if (this.#options.nodes.length > comparedMax) return
    if (before !== undefined && sameRegister(before, now)) return
    if (now.wctr <= this.#lastCount(node, address, before, me)) return
    const isNext = before?.fence === now.fence && before.seq + 1 === now.seq
    if (isNext && before.owner === me) return
    const heir = before === undefined ? undefined : resolve(view, before.owner)?.index
    const isClaim = now.seq === 0 && heir === me && before?.owner !== me
    if (!isClaim) {
      const was = before === undefined ? 'none' : `${keyOf(before)} of member ${before.owner}`
      throw new Violation(
        'S5',
        `${node.name} (member ${me}) writes ${keyOf(now)} of ${formatAddress(address)} over ${was}`
      )
    }
    for (const other of this.#options.nodes) {
      const member = this.memberOf(other)
      if (member === undefined || other.disk.fallbacks > 0) continue
      if (other.disk.learned >= now.fence) continue
      // Who was let in after the removal hears nobody before it has read that, and with it the removal.
      if (member.since > now.fence && other.disk.learned < member.since) continue
      throw new Violation(
        'S5',
        `${node.name} claims ${formatAddress(address)} under ${now.fence} and ${other.name} has read up to ${other.disk.learned} only`
      )
    }
  }

  /** A register that others bring back was written before: only a new count is a write of now. */
  #lastCount(
    node: SimNode,
    address: Address,
    before: Register | undefined,
    me: MemberIndex
  ): number {
    let last = before?.writer === me ? before.wctr : 0
    for (const other of this.#options.nodes) {
      const register = other === node ? undefined : other.disk.registers.get(address)
      if (register?.writer === me && register.wctr > last) last = register.wctr
    }
    return last
  }

  /** S4, second half, over what is durable now at anybody who may still be heard. */
  #written(node: SimNode, address: Address, now: Register): void {
    if (!this.#options.isTruthful || this.memberOf(node) === undefined) return
    if (this.#options.nodes.length > comparedMax) return
    for (const other of this.#options.nodes) {
      if (this.memberOf(other) === undefined) continue
      const theirs = other.disk.registers.get(address)
      if (theirs === undefined || other === node || other.disk.fallbacks > 0) continue
      if (compareKeys(theirs, now) !== 0 || sameRegister(theirs, now)) continue
      throw new Violation(
        'S4',
        `${formatAddress(address)} has key ${keyOf(now)} with owner ${now.owner} at ${node.name} and owner ${theirs.owner} at ${other.name}`
      )
    }
  }

  #suspect(address: Address): void {
    if (this.#owners(address).length < 2) return void this.#suspects.delete(address)
    this.#suspects.add(address)
    // Now, as it may be over before the handler that commits has ended.
    this.#twoOwners(address)
  }

  #noteOwner(node: SimNode, address: Address, { owner }: Register): void {
    const owning = this.#owning.get(address) ?? new Set()
    const member = this.#options.registry.view.members.get(owner)
    if (member?.incarnation !== node.disk.incarnation) return void owning.delete(node)
    this.#owning.set(address, owning.add(node))
  }

  #owners(address: Address): SimNode[] {
    const owning = [...(this.#owning.get(address) ?? [])]
    return owning.filter(node => {
      const member = this.memberOf(node)
      return member !== undefined && node.disk.registers.get(address)?.owner === member.index
    })
  }

  /** S2. */
  #twoOwners(address: Address): void {
    const owners = this.#owners(address)
    if (owners.length < 2) return void this.#suspects.delete(address)
    const serving = owners.filter(node => serves(node, address))
    if (serving.length < 2 || !this.#options.isTruthful) return
    const names = serving.map(node => {
      const register = node.disk.registers.get(address)
      return `${node.name} (${register === undefined ? '' : keyOf(register)})`
    })
    throw new Violation('S2', `${formatAddress(address)} is owned by ${names.join(' and ')}`)
  }
}

/** Whether its process hands out what it has of this address's domain. */
export function serves(node: SimNode, address: Address): boolean {
  let isServing = false
  node.system?.describeCustody(({ notServing, runs, contests }) => {
    const isHere = runs.some(({ start, end }) => address >= start && address < end)
    const isContested = contests.some(contest => contest.address === address)
    if (isHere && notServing === undefined && !isContested) isServing = true
  })
  return isServing
}
