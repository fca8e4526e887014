// A small world in which a schedule is played by hand: messages are kept back and let go, disks put back and
// lost, machines switched, in an order that somebody wrote down. For schedules that chance finds too rarely.

import type { Address } from '../../src/core/address.ts'
import type { Body, Envelope, Marks } from '../../src/core/protocol.ts'
import { allRules, type Rules } from '../../src/core/lease/rules.ts'
import { type MemberIndex, type Register, sameRegister } from '../../src/core/lease/register.ts'
import type { ConfirmMode } from '../../src/actors/house.ts'
import { serves, Violation } from './judge.ts'
import { forgery } from './forgery.ts'
import type { PlannedPool } from './plan.ts'
import type { SimNode } from './sim-node.ts'
import { World } from './world.ts'

export interface StageOptions {
  readonly nodes?: number
  readonly addresses?: number
  readonly confirm?: ConfirmMode
  /** Which of the rules are off. */
  readonly without?: readonly (keyof Rules)[]
  readonly seed?: number
  /** Nothing was forged and nobody was wrong, so uniqueness is judged (default). */
  readonly isTruthful?: boolean
}

const formMs = 60_000

export class Stage {
  readonly world: World
  #lastPod = 0

  constructor({
    nodes = 3,
    addresses = 4,
    confirm = 'all',
    without = [],
    seed = 1,
    isTruthful = true
  }: StageOptions = {}) {
    const pools: PlannedPool[] = [{ family: 4, size: addresses }]
    const rules: Rules = {
      ...allRules,
      ...Object.fromEntries(without.map(rule => [rule, false] as const))
    }
    const plan = {
      seed,
      profile: 'stage',
      nodes,
      paces: Array.from({ length: nodes }, () => 1),
      pools,
      confirm,
      loss: 0,
      doubling: 0,
      tail: 0,
      tailMs: 0,
      lostDels: 0,
      healAt: 0,
      events: []
    }
    this.world = new World({ plan, rules, keepsTrace: true, isTruthful })
    this.world.start()
  }

  node(index: number): SimNode {
    const node = this.world.nodes[index]
    if (node === undefined) throw new Error(`there is no node ${index} on this stage`)
    return node
  }

  /** Until everybody is a member, and all addresses of the pools are with node 0. */
  async form(): Promise<this> {
    // Nobody asks ahead of need before the schedule begins.
    this.world.net.holds = (_from, _to, { body }) => body.type === 'Ask'
    await this.until('everybody is a member and knows it', () =>
      this.world.nodes.every(
        node =>
          this.world.judge.memberOf(node) !== undefined &&
          node.disk.learned === this.world.registry.view.index &&
          node.disk.registers.size > 0
      )
    )
    // All have met all.
    await this.pass(2_000)
    this.hold()
    this.lose()
    return this
  }

  async pass(ms: number): Promise<void> {
    await this.world.runUntil(this.world.now + ms)
  }

  /** Let time pass until it is so; throws when it does not become so in a minute. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const end = this.world.now + formMs
    while (!isSo()) {
      if (this.world.now > end) throw new Error(`not within ${formMs / 1_000} s: ${what}`)
      await this.pass(20)
    }
  }

  /** A new pod on a node; `address` says what it got. */
  pod(node: number): { readonly id: number; readonly address: () => Address | undefined } {
    this.#lastPod += 1
    const id = this.#lastPod
    const { pods } = this.node(node)
    const demand = this.world.territories[0]?.demand
    if (demand !== undefined) pods?.start(id, demand)
    return {
      id,
      address: () => {
        const box = pods?.pods.get(id)?.box
        return box?.phase === 'living' ? box.addresses[0] : undefined
      }
    }
  }

  /** Nobody wants these pods any more, wherever they are. */
  stop(id: number): void {
    for (const { pods } of this.world.nodes) pods?.stop(id, 'linkFirst')
  }

  /** Keep back what goes from one node to another, of these types. */
  hold(...rules: readonly (readonly [from: number, to: number, ...types: Body['type'][]])[]): void {
    this.world.net.holds = (from, to, { body }) =>
      rules.some(
        ([a, b, ...types]) =>
          a === from && b === to && (types.length === 0 || types.includes(body.type))
      )
  }

  /** What is kept back now. */
  held(type: Body['type'], from?: number, to?: number): readonly { readonly envelope: Envelope }[] {
    return this.world.net.held.filter(
      one =>
        one.envelope.body.type === type &&
        (from === undefined || one.from === from) &&
        (to === undefined || one.to === to)
    )
  }

  /** Deliver what was kept back of these types, in the order in which it was sent. */
  letGo(...types: readonly Body['type'][]): number {
    const { held } = this.world.net
    const going = held.filter(({ envelope }) => types.includes(envelope.body.type))
    for (const one of going) {
      held.splice(held.indexOf(one), 1)
      one.deliver()
    }
    return going.length
  }

  /** Nothing of what was kept back ever arrives. */
  lose(): void {
    this.world.net.held.length = 0
  }

  /** It hands out what it has. */
  serves(index: number): boolean {
    const [address] = this.world.territories[0]?.addresses ?? []
    return address !== undefined && serves(this.node(index), address)
  }

  /** Both know the same of every address. */
  sameRegisters(a: number, b: number): boolean {
    const [left, right] = [this.node(a).disk.registers, this.node(b).disk.registers]
    return [...left].every(([address, register]) => {
      const other = right.get(address)
      return other !== undefined && sameRegister(register, other)
    })
  }

  /** Its own durable word says that it owns every address of the pools. */
  ownsAll(index: number): boolean {
    const { disk } = this.node(index)
    const me = this.member(index)
    return [...disk.registers.values()].every(({ owner }) => owner === me)
  }

  member(index: number): MemberIndex {
    const member = this.world.judge.memberOf(this.node(index))
    if (member === undefined) throw new Error(`node ${index} is no member`)
    return member.index
  }

  hasReadAll(index: number): boolean {
    return this.node(index).disk.learned === this.world.registry.view.index
  }

  backUp(node: number): void {
    this.node(node).disk.backUp()
  }

  /** The machine goes off, its disk falls back to the backup, and it stays off. */
  rollBack(node: number): void {
    this.node(node).powerOff()
    this.node(node).disk.restore('newest')
    this.world.judge.forget(this.node(node))
  }

  /** A copy of its database is put back under the running machine. */
  putBack(node: number): void {
    this.node(node).kill()
    this.node(node).disk.restore('newest')
    this.world.judge.forget(this.node(node))
    this.node(node).start()
  }

  /** Write into a database that nobody has open, past all rules. */
  forge(node: number, registers: ReadonlyMap<Address, Register>, marks: Marks = []): void {
    const domain = this.world.territories[0]?.domain ?? ''
    this.node(node).disk.commit(forgery(this.node(node).disk.store, domain, registers, marks))
    this.world.judge.forget(this.node(node))
  }

  /** Its database is gone, its pods live, and it begins anew. */
  loseDisk(node: number): void {
    this.node(node).loseDiskAlive()
    this.world.judge.forget(this.node(node))
    this.node(node).start()
  }

  /** A person says that a machine is off, which it is. */
  remove(node: number, heir: number): void {
    if (this.node(node).isOn) throw new Error('only what is off may be removed')
    const why = this.world.registry.write({
      type: 'Remove',
      incarnation: this.node(node).disk.incarnation,
      heir: this.node(heir).disk.incarnation,
      assertion: 'OPERATOR',
      evidence: 'seen to be off',
      author: 'operator',
      atMs: 0
    })
    if (why !== undefined) throw new Error(why)
  }

  /** All that is free there goes to whom it can reach. */
  drain(node: number): void {
    this.node(node).orderDrain(true)
  }

  cut(a: number, b: number, isCut = true): void {
    this.world.net.cuts.add(a, b, isCut ? 1 : -1)
    this.world.net.cuts.add(b, a, isCut ? 1 : -1)
    this.world.net.review()
  }
}

/** Play a schedule; what rule it broke, if any. */
export async function play(
  schedule: (stage: Stage) => Promise<void>,
  options: StageOptions = {}
): Promise<string | undefined> {
  const stage = new Stage(options)
  try {
    await schedule(stage)
    return undefined
  } catch (error) {
    if (error instanceof Violation) return error.message
    throw error
  } finally {
    stage.world.close()
  }
}
