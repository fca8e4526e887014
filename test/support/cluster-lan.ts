// One Ethernet segment for several nodes: a bridge in a namespace of its own, a namespace for each node, and
// ways to let nodes not hear each other. Packets are dropped by the node itself, so that pods on the same
// segment still reach everybody: it is the daemons that are cut, not the underlay.

import { run } from './command.ts'
import { Netns } from './netns.ts'

const segment = '10.77.0'
const table = 'inet faults'

/** Numbers of nodes, from 1. */
export type Sides = readonly (readonly number[])[]

export class Lan implements AsyncDisposable {
  static async make(count: number): Promise<Lan> {
    const lan = new Lan(await Netns.make())
    try {
      await lan.#bridge.addBridge('br0')
      for (let node = 1; node <= count; node += 1) await lan.#plug(node)
      return lan
    } catch (error) {
      await lan[Symbol.asyncDispose]()
      throw error
    }
  }

  readonly #bridge: Netns
  readonly #nodes = new Map<number, Netns>()
  readonly #guests: Netns[] = []

  private constructor(bridge: Netns) {
    this.#bridge = bridge
  }

  netns(node: number): Netns {
    const found = this.#nodes.get(node)
    if (found === undefined) throw new Error(`there is no node ${node}`)
    return found
  }

  /** Somebody else on the segment, with an interface eth0: a pod, a router, a host that nobody has heard of. */
  async guest(): Promise<Netns> {
    const guest = await Netns.make()
    this.#guests.push(guest)
    await this.#connect(guest, `guest${this.#guests.length}`)
    return guest
  }

  address(node: number): string {
    return `${segment}.${node}`
  }

  /** Nothing reaches this node, and nothing leaves it. */
  async cut(node: number): Promise<void> {
    const others = [...this.#nodes.keys()].filter(other => other !== node)
    await this.#drop(node, 'both', others)
  }

  /** Only those on the same side hear each other. */
  async part(sides: Sides): Promise<void> {
    for (const [i, side] of sides.entries()) {
      const others = sides.filter((_, j) => j !== i).flat()
      for (const node of side) await this.#drop(node, 'both', others)
    }
  }

  /** This node hears nothing of the others; they hear it. */
  async deafen(node: number, others: readonly number[]): Promise<void> {
    await this.#drop(node, 'in', others)
  }

  /** As a cable that is pulled where both ends notice: what is connected breaks, and nothing gets through. */
  async reset(node: number): Promise<void> {
    // But for the resets themselves, which would not get out.
    const rejected = 'tcp flags & rst == 0 reject with tcp reset'
    await this.#rules(node, [`input ${rejected}`, `output ${rejected}`])
  }

  /** So many of a hundred packets to this node are lost. */
  async lose(node: number, percent: number): Promise<void> {
    await this.#rules(node, [`input numgen random mod 100 < ${percent} drop`])
  }

  /** Everybody hears everybody again. */
  async heal(nodes: Iterable<number> = this.#nodes.keys()): Promise<void> {
    for (const node of nodes) await this.#rules(node, [])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const netns of [...this.#nodes.values(), ...this.#guests]) await netns.remove()
    await this.#bridge.remove()
  }

  async #plug(node: number): Promise<void> {
    const netns = await Netns.make()
    this.#nodes.set(node, netns)
    await this.#connect(netns, `port${node}`)
    await netns.addAddress('eth0', `${this.address(node)}/24`)
  }

  async #connect(netns: Netns, port: string): Promise<void> {
    await netns.connect('eth0', this.#bridge, port)
    await this.#bridge.ip('link', 'set', port, 'master', 'br0')
  }

  async #drop(node: number, way: 'in' | 'both', others: readonly number[]): Promise<void> {
    if (others.length === 0) return
    const set = `{ ${others.map(other => this.address(other)).join(', ')} }`
    const rules = [`input ip saddr ${set} drop`, `output ip daddr ${set} drop`]
    await this.#rules(node, way === 'in' ? rules.slice(0, 1) : rules)
  }

  /** What was there before goes in the same step. */
  async #rules(node: number, rules: readonly string[]): Promise<void> {
    const hooks = ['input', 'output'].map(
      hook => `add chain ${table} ${hook} { type filter hook ${hook} priority 0; }`
    )
    const script = [
      `add table ${table}`,
      `delete table ${table}`,
      `add table ${table}`,
      ...hooks,
      ...rules.map(rule => `add rule ${table} ${rule}`)
    ].join('\n')
    await run('nsenter', [`--net=${this.netns(node).path}`, 'nft', '-f', '-'], { input: script })
  }
}
