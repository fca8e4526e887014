// One machine of a world: its disk, its clock, its pods, and the process on it, which starts, dies between two
// messages or around a commit, and comes back over what was durable.

import { allFixed } from '../../src/core/selection/identity.ts'
import type { Address } from '../../src/core/address.ts'
import { Deliveries } from '../../src/core/deliveries.ts'
import { furnish, type HouseParts, type HouseRefs } from '../../src/actors/house.ts'
import { StoreFailedError } from '../../src/core/errors.ts'
import { wire, type WireRange } from '../../src/core/protocol.ts'
import type { Joining } from '../../src/core/registry/record.ts'
import type { AttachmentStore, Change } from '../../src/ports/attachment-store.ts'
import type { PoolListing } from '../../src/ports/pool-source.ts'
import { Chance } from './chance.ts'
import type { Moment, NodeSetup, Surroundings } from './node-setup.ts'
import { SimMesh } from './net.ts'
import type { Pods } from './pods.ts'
import { SimClock } from './sim-clock.ts'
import { Died, SimDisk } from './sim-disk.ts'
import { SimSystem } from './sim-system.ts'
import { noLink } from '../../src/link/no-prober.ts'
import { noChronicle } from '../../src/telemetry/no-chronicle.ts'

interface Process {
  readonly system: SimSystem
  readonly mesh: SimMesh
  /** Undefined while they are being put together. */
  readonly refs: HouseRefs | undefined
}

const retryMs = 1_000

export class SimNode {
  readonly index: number
  readonly name: string
  readonly clock: SimClock
  readonly chance: Chance
  readonly #setup: NodeSetup
  readonly #around: Surroundings
  readonly #listing: PoolListing
  readonly #interest: readonly Address[]
  #disk: SimDisk
  #process: Process | undefined
  #boots = 1
  #isOn = true
  #opened = 0
  #session = ''
  #isTorn = false
  #doom: { readonly moment: Moment; left: number; readonly onDead: () => void } | undefined
  /** How many times slower than usual it handles messages. */
  slowness = 1
  /** How often its disk was lost. */
  lostDisks = 0
  /** What its daemons talk from the next start on. */
  wire: WireRange = wire
  #isDrainedFromStart = false
  /** Set once, by the world. */
  pods: Pods | undefined

  /** `interest`: the addresses of all pools. */
  constructor(setup: NodeSetup, around: Surroundings, interest: readonly Address[]) {
    this.#setup = setup
    this.#around = around
    this.index = setup.index
    this.name = `n${setup.index}`
    this.clock = new SimClock(around.agenda, setup.pace)
    this.chance = new Chance(setup.seed, this.name)
    this.#listing = { documents: setup.documents, problems: [], skipped: [] }
    this.#interest = interest
    this.#disk = new SimDisk(interest, this.chance, this.boot)
  }

  get disk(): SimDisk {
    return this.#disk
  }

  get boot(): string {
    return `boot-${this.index}-${this.#boots}`
  }

  get isOn(): boolean {
    return this.#isOn
  }

  get #machine(): string {
    return `machine-${this.index}`
  }

  /** What its Join record says. */
  get joining(): Joining {
    const { incarnation, key } = this.#disk.store.load().leases.identity
    return {
      incarnation,
      node: this.name,
      peer: peerOf(key),
      machine: this.#machine,
      wire: this.wire
    }
  }

  /** People had it drained before this process began, and have not called it off. */
  get isDrainedFromStart(): boolean {
    return this.#isDrainedFromStart
  }

  /** What people order, if there is anybody to hear it. */
  orderDrain(draining: boolean): void {
    this.refs?.secretary.insist({ type: 'OrderDrain', draining, replyTo: () => {} })
  }

  /** The actors to talk to, while there is a process. */
  get refs(): HouseRefs | undefined {
    return this.#process?.refs
  }

  get system(): SimSystem | undefined {
    return this.#process?.system
  }

  /** How often the database was opened when the process started. */
  get opened(): number {
    return this.#opened
  }

  start(): void {
    if (!this.#isOn || this.#process !== undefined) return
    this.#disk.store.open()
    this.#session = this.chance.hex(8)
    const { opened, isDraining } = this.#disk.store.load().leases.identity
    this.#opened = opened
    this.#isDrainedFromStart = isDraining
    this.#furnish(new Deliveries())
  }

  /** End the process at once. */
  kill(): void {
    const process = this.#process
    if (process === undefined) return
    this.#process = undefined
    this.#doom = undefined
    process.system.abandon()
    process.mesh.hush()
    this.#around.observer.onProcess(this, 'dies')
    this.pods?.onProcessGone()
  }

  /** End the process at one of its next such moments. */
  doom(moment: Moment, skip: number, onDead: () => void): void {
    if (this.#process !== undefined) this.#doom = { moment, left: skip, onDead }
  }

  /** No such end any more. */
  spare(): void {
    this.#doom = undefined
  }

  powerOff(): void {
    this.kill()
    this.#isOn = false
    this.pods?.onMachineGone()
  }

  powerOn(): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#boots += 1
    this.clock.reboot()
    this.start()
  }

  /** Another disk, with nothing on it. */
  loseDisk(): void {
    this.lostDisks += 1
    this.#disk = new SimDisk(this.#interest, this.chance, `boot-${this.index}-${this.#boots + 1}`)
  }

  /** As loseDisk, while the pods go on: a new database begins with what is found of them. */
  loseDiskAlive(): void {
    this.lostDisks += 1
    this.kill()
    this.#disk = new SimDisk(this.#interest, this.chance, this.boot)
    const found = this.pods?.attachments() ?? []
    this.#disk.commit([
      ...found.map((attachment): Change => ({ type: 'Attach', attachment })),
      { type: 'Unbury', keys: [], horizon: { boot: this.boot, ns: this.clock.bootNs() } }
    ])
  }

  #furnish(deliveries: Deliveries): void {
    const { net, registry, observer } = this.#around
    const { confirm, rules, cooldown, reap, documents, facts } = this.#setup
    const { key } = this.#disk.store.load().leases.identity
    const system: SimSystem = new SimSystem({
      clock: this.clock,
      wake: turn => this.#wake(system, turn),
      onHandling: (actor, message) => observer.onHandling(this, actor, message),
      onCrashed: (actor, error) => observer.onCrashed(this, actor, error),
      onPipes: change => observer.onPipes(change)
    })
    const mesh = new SimMesh(net, this.index, peerOf(key), () => system.isAlive)
    const store: AttachmentStore = {
      load: () => this.#disk.store.load(),
      loadLeases: () => this.#disk.store.loadLeases(),
      commit: changes => this.#commit(system, changes),
      close: () => {}
    }
    const pods = this.pods
    const parts: HouseParts = {
      store,
      source: { read: () => Promise.resolve(this.#listing), watch: () => () => {} },
      probe: {
        see: () => ({ type: 'Missing' }),
        census: () => Promise.resolve({ namespaces: [], isComplete: false }),
        sight: sandboxes => Promise.resolve(sandboxes.map(one => pods?.sight(one) ?? nowhere))
      },
      facts,
      link: noLink,
      chronicle: noChronicle,
      fixed: { ...allFixed, keepMs: undefined },
      clock: system.clock,
      log: observer.log(this),
      random: this.chance,
      mesh,
      registry: registry.from(this.index),
      boot: this.boot,
      node: this.name,
      machine: this.#machine,
      founds: this.index === 0,
      confirm,
      cooldown,
      reap,
      rules,
      wire: this.wire,
      session: this.#session,
      onAsked: () => Promise.reject(new Error('no registrar lives here')),
      onEnded: why => this.#onEnded(system, why)
    }
    this.#isTorn = false
    const inheritance = { listing: { ...this.#listing, documents }, onListed: () => {}, deliveries }
    this.#process = { system, mesh, refs: undefined }
    const refs = furnish(system, parts, inheritance, () => {})
    this.#process = { system, mesh, refs }
    observer.onProcess(this, 'starts')
  }

  #wake(system: SimSystem, turn: () => boolean): void {
    this.#around.agenda.after(this.slowness * this.chance.between(0.005, 0.05), () => {
      if (this.#isDoomed(system, 'message')) return
      if (turn()) this.#wake(system, turn)
    })
  }

  #commit(system: SimSystem, changes: readonly Change[]): void {
    if (!system.isAlive || this.#isDoomed(system, 'beforeCommit')) throw new Died()
    this.#disk.commit(changes)
    if (changes.some(({ type }) => type === 'SetDraining')) this.#isDrainedFromStart = false
    this.#around.observer.onCommitted(this, changes)
    this.#isDoomed(system, 'afterCommit')
  }

  #isDoomed(system: SimSystem, moment: Moment): boolean {
    const doom = this.#doom
    if (doom?.moment !== moment || this.system !== system) return false
    doom.left -= 1
    if (doom.left >= 0) return false
    this.kill()
    doom.onDead()
    return true
  }

  /** As the guardian does: what is in the house serves nothing any more, another incarnation moves in. */
  #onEnded(system: SimSystem, why: string): void {
    if (this.#isTorn || this.system !== system) return
    this.#isTorn = true
    this.#around.observer.onEnded(this, why)
    this.#around.agenda.after(this.chance.between(0, 2), () => this.#reincarnate(system))
  }

  #reincarnate(system: SimSystem): void {
    if (this.system !== system) return
    const [incarnation, key] = [this.chance.hex(16), this.chance.hex(32)]
    const change: Change = { type: 'Reincarnate', incarnation, key }
    try {
      this.#disk.commit([change])
    } catch (error) {
      if (!(error instanceof StoreFailedError)) throw error
      this.#around.agenda.after(retryMs, () => this.#reincarnate(system))
      return
    }
    this.#around.observer.onCommitted(this, [change])
    this.kill()
    this.#furnish(new Deliveries())
  }
}

const nowhere = { boot: '', namespace: undefined, witness: undefined, held: undefined }

/** Of the seed of a key; the real one goes through a public key. */
function peerOf(key: string): string {
  return `peer-${key.slice(0, 24)}`
}
