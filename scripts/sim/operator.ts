// Carries out a plan: what people, runtimes and bad luck do to a world. What does not fit its state by then is
// left out, so that a plan stays one when events are taken from it.

import { fixedName } from './sim-facts.ts'
import type { PlanEvent, PlanEventOf } from './plan.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

export class Operator {
  readonly #world: World
  /** Machines that have to stay off, with how many reasons. */
  readonly #locks = new Map<SimNode, number>()
  readonly #drained = new Set<SimNode>()
  #isHealed = false

  constructor(world: World) {
    this.#world = world
  }

  schedule(): void {
    const { agenda, plan } = this.#world
    for (const event of plan.events) agenda.after(event.at, () => this.#carryOut(event))
  }

  /** No more faults from now on, and every machine is on. */
  heal(): void {
    const { net, registry, nodes } = this.#world
    this.#isHealed = true
    net.cuts.clear()
    net.weather = { ...net.weather, loss: 0, doubling: 0, tail: 0 }
    registry.heal()
    this.#locks.clear()
    const newest = Math.max(...nodes.map(({ wire }) => wire.max))
    for (const node of nodes) {
      // Who went back behind what all others talk has to come again.
      if (node.wire.max < newest) {
        node.kill()
        node.wire = { ...node.wire, max: newest }
      }
      node.disk.isRefusing = false
      node.slowness = 1
      node.spare()
      node.powerOn()
      node.start()
      if (this.#drained.has(node)) this.#undrain(node)
    }
    net.review()
  }

  /** Also when one incarnation is just making room for another. */
  #undrain(node: SimNode): void {
    if (node.refs === undefined) this.#world.agenda.after(100, () => this.#undrain(node))
    else node.orderDrain(false)
  }

  #carryOut(event: PlanEvent): void {
    const { nodes, coverage } = this.#world
    if (this.#isHealed) return
    if (event.type === 'Stop' || event.type === 'Again') return this.#podEvent(event)
    this.#world.note(`plan: ${event.type}`)
    if (event.type === 'Cut') return this.#cut([[event.from, event.to]], event.ms)
    if (event.type === 'Island') {
      const others = nodes.map(({ index }) => index).filter(i => !event.nodes.includes(i))
      const links = event.nodes.flatMap(a =>
        others.flatMap(b => [[a, b] as const, [b, a] as const])
      )
      return this.#cut(links, event.ms)
    }
    if (event.type === 'RegistryAway') return this.#registryAway(event)
    if (event.type === 'RegistryLossy') {
      this.#world.registry.loss = event.rate
      return this.#later(event.ms, () => (this.#world.registry.loss = 0))
    }
    const node = nodes[event.node]
    if (node === undefined) return
    switch (event.type) {
      case 'Start': {
        const demand = this.#world.territories[event.pool]?.demand
        const { pod, ordinal } = event
        const name = ordinal === undefined ? undefined : fixedName(ordinal)
        if (demand !== undefined) node.pods?.start(pod, demand, name)
        return
      }
      case 'Fetch':
        return this.#fetch(node, event.address)
      case 'Drain':
        this.#drained.add(node)
        return node.orderDrain(true)
      case 'Upgrade':
        node.wire = { min: 1, max: event.newest }
        node.kill()
        return this.#later(event.ms, () => node.start())
      case 'Die':
        return node.doom(event.moment, event.skip, () => {
          coverage.count('deaths')
          this.#later(event.ms, () => node.start())
        })
      case 'Reboot':
        coverage.count('reboots')
        return this.#off(node, event.ms)
      case 'BackUp':
        return node.disk.backUp()
      case 'Restore':
        if (!node.isOn || !node.disk.hasBackup) return
        coverage.count('fallbacks')
        this.#off(node, event.ms)
        node.disk.restore(event.which)
        return this.#world.judge.forget(node)
      case 'LoseDisk':
        coverage.count('lost disks')
        return this.#loseDisk(node, event)
      case 'Refuse': {
        const { disk } = node
        disk.isRefusing = true
        return this.#later(event.ms, () => (disk.isRefusing = false))
      }
      case 'Slow':
        node.slowness = event.factor
        return this.#later(event.ms, () => (node.slowness = 1))
      case 'WallJump':
        return node.clock.jump(event.ms)
      case 'Remove':
        return this.#remove(node, event)
      case 'WrongRemove':
        return void this.#record(node, nodes[event.heir])
    }
  }

  #podEvent(event: PlanEventOf<'Stop'> | PlanEventOf<'Again'>): void {
    for (const { pods } of this.#world.nodes) {
      if (event.type === 'Again') pods?.again(event.pod)
      else pods?.stop(event.pod, event.ending)
    }
  }

  #cut(links: readonly (readonly [number, number])[], ms: number): void {
    const { net } = this.#world
    for (const [from, to] of links) net.cuts.add(from, to, 1)
    net.review()
    this.#later(ms, () => {
      for (const [from, to] of links) net.cuts.add(from, to, -1)
      net.review()
    })
  }

  #registryAway({ nodes, ms }: PlanEventOf<'RegistryAway'>): void {
    const { registry } = this.#world
    for (const node of nodes) registry.cut(node, 1)
    this.#later(ms, () => {
      for (const node of nodes) registry.cut(node, -1)
    })
  }

  #fetch(node: SimNode, which: number): void {
    const all = this.#world.territories.flatMap(({ addresses }) => addresses)
    const address = all[which % all.length]
    if (address === undefined) return
    const replyTo = ({ type }: { type: string }) => this.#world.coverage.count(`fetch: ${type}`)
    // The subnets that the address is not of do not know it.
    node.system?.tellSubnets({ type: 'FetchAddress', address, replyTo })
  }

  /** Switch a machine off, and on again unless somebody keeps it off. */
  #off(node: SimNode, ms: number): void {
    this.#lock(node, 1)
    node.powerOff()
    this.#later(ms, () => this.#lock(node, -1))
  }

  #loseDisk(node: SimNode, { ms, isAlive }: PlanEventOf<'LoseDisk'>): void {
    if (isAlive && node.isOn) {
      this.#world.coverage.count('lost disks under living pods')
      node.loseDiskAlive()
      this.#later(ms, () => node.start())
    } else {
      this.#off(node, ms)
      node.loseDisk()
    }
    this.#world.judge.forget(node)
  }

  /** True as the assertion has to be: it is off when the record is written. */
  #remove(node: SimNode, { heir, sayMs, backMs }: PlanEventOf<'Remove'>): void {
    this.#lock(node, 1)
    node.powerOff()
    this.#later(sayMs, () => {
      if (!this.#record(node, this.#world.nodes[heir])) return this.#lock(node, -1)
      this.#world.coverage.count('removals')
      return this.#later(backMs, () => this.#lock(node, -1))
    })
  }

  #record(node: SimNode, heir: SimNode | undefined): boolean {
    if (heir === undefined) return false
    const why = this.#world.registry.write({
      type: 'Remove',
      incarnation: node.disk.incarnation,
      heir: heir.disk.incarnation,
      assertion: 'OPERATOR',
      evidence: 'seen to be off',
      author: 'operator',
      atMs: Math.round(this.#world.now)
    })
    if (why === undefined)
      this.#world.history.note(undefined, `${node.name} is removed, heir ${heir.name}`)
    return why === undefined
  }

  #lock(node: SimNode, count: 1 | -1): void {
    const locks = (this.#locks.get(node) ?? 0) + count
    this.#locks.set(node, locks)
    if (locks > 0) return
    if (this.#world.registry.view.byIncarnation.get(node.disk.incarnation)?.removed !== undefined) {
      this.#world.coverage.count('zombies')
    }
    node.powerOn()
  }

  #later(ms: number, action: () => void): void {
    this.#world.agenda.after(ms, () => {
      if (!this.#isHealed) action()
    })
  }
}
