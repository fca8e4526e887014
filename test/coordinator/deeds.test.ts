// What several deeds want together is brought about once, handed on in whatever order they end, and taken back once.

import t from 'tap'
import { type Deed, deedOf } from '../../src/coordinator/deed.ts'
import { Deeds, type Release, roleKey } from '../../src/coordinator/deeds.ts'
import type { Step } from '../../src/coordinator/step.ts'
import type { Mac } from '../../src/core/link/mac.ts'
import type { Operation } from '../../src/kernel/operation.ts'
import type { Neighbour, NamespaceView } from '../../src/kernel/view.ts'
import { MemoryJournal } from '../../src/store/memory-journal.ts'
import * as fc from '../support/property.ts'
import { ip, key } from '../support/samples.ts'

const pods = 4
const things = 3

/** One thing of the host that several pods may want, each in its own way: an address and who has it. */
function neighbour(thing: number, way: number): Step {
  const mac = `02:00:00:00:00:0${way}` as Mac
  return {
    ...{ type: 'PutNeighbour', at: 'Host' },
    neighbour: { link: 'lan0', address: ip(`10.9.0.${thing}`), mac }
  }
}

/** A host that has neighbours and nothing else. */
class Host {
  readonly neighbours = new Map<bigint, Neighbour>()

  get view(): NamespaceView {
    return {
      ...{ links: [], addresses: [], routes: [], rules: [], sysctls: new Map(), ways: [] },
      neighbours: [...this.neighbours.values()]
    }
  }

  carryOut(operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (operation.type === 'PutNeighbour') {
        const { link, address, mac } = operation.neighbour
        this.neighbours.set(address, { link, address, mac, state: 'permanent' })
      } else if (operation.type === 'DeleteNeighbour') {
        this.neighbours.delete(operation.neighbour.address)
      }
    }
  }
}

const begin = fc.record({
  type: fc.constant('Begin' as const),
  pod: fc.nat(pods - 1),
  wants: fc.uniqueArray(fc.tuple(fc.nat(things - 1), fc.nat(9)), { selector: ([thing]) => thing })
})
const fail = begin.map(({ pod, wants }) => ({ type: 'Fail' as const, pod, wants }))
const end = fc.record({ type: fc.constant('End' as const), pod: fc.nat(pods - 1) })

/** Who wants what of each thing, and in which way; whoever has said so last gets it. */
class Wishes {
  readonly #last = new Map<number, readonly { readonly pod: number; readonly way: number }[]>()
  readonly #before: ReadonlyMap<number, number>

  constructor(before: readonly (readonly [thing: number, way: number])[]) {
    this.#before = new Map(before)
  }

  begin(pod: number, wants: readonly (readonly [thing: number, way: number])[]): void {
    for (const [thing, way] of wants) {
      this.#last.set(thing, [...this.#without(thing, pod), { pod, way }])
    }
  }

  end(pod: number): void {
    for (const thing of this.#last.keys()) this.#last.set(thing, this.#without(thing, pod))
  }

  #without(thing: number, pod: number) {
    return (this.#last.get(thing) ?? []).filter(one => one.pod !== pod)
  }

  get text(): string {
    const host = new Host()
    for (let thing = 0; thing < things; thing += 1) {
      const way = this.#last.get(thing)?.at(-1)?.way ?? this.#before.get(thing)
      if (way !== undefined) host.carryOut([neighbour(thing, way)])
    }
    return textOf(host.view)
  }
}

t.test(
  'whoever has begun last has what he wants, also after others have failed, and the host is as it was',
  async () => {
    const before = fc.array(fc.tuple(fc.nat(things - 1), fc.nat(9)), { maxLength: 2 })
    fc.assert(
      fc.property(
        before,
        fc.array(fc.oneof(begin, end, fail), { maxLength: 30 }),
        (before, events) => {
          const host = new Host()
          host.carryOut(before.map(([thing, way]) => neighbour(thing, way)))
          const wishes = new Wishes(before)
          const deeds = new Deeds()
          const finish = (pod: number): boolean => {
            if (deeds.get(keyOf(pod)) === undefined) return true
            host.carryOut(deeds.release(keyOf(pod)).operations)
            wishes.end(pod)
            return textOf(host.view) === wishes.text
          }
          for (const event of events) {
            if (event.type === 'End') {
              if (!finish(event.pod)) return false
              continue
            }
            const steps = event.wants.map(([thing, way]) => neighbour(thing, way))
            const views = { host: host.view, pod: new Host().view }
            const sandbox = { path: '/run/netns/pod', began: { boot: 'boot', ns: 1n } }
            const memory = { mode: 'underlay' as const, routes: new Map(), tables: new Map() }
            const intent = { key: keyOf(event.pod), sandbox, memory, steps }
            const had = deeds.get(keyOf(event.pod))
            // One that could not be written down is as if it had not been.
            deeds.put(deeds.deedFor(intent, views)).drop()
            deeds.put(deeds.deedFor(intent, views))
            host.carryOut(steps)
            if (event.type === 'Fail') {
              const { operations, changes } = deeds.release(keyOf(event.pod), had)
              host.carryOut(operations)
              changes()
              deeds.settle(keyOf(event.pod))
            } else wishes.begin(event.pod, event.wants)
            if (textOf(host.view) !== wishes.text) return false
          }
          for (let pod = 0; pod < pods; pod += 1) if (!finish(pod)) return false
          return deeds.size === 0
        }
      ),
      { numRuns: 300 }
    )
  }
)

t.test('who begins again among others is wanted last', async t => {
  const host = new Host()
  const deeds = new Deeds()
  const memory = { mode: 'underlay' as const, routes: new Map(), tables: new Map() }
  const sandbox = { path: '/run/netns/pod', began: { boot: 'boot', ns: 1n } }
  const want = (pod: number, way: number) => {
    const steps = [neighbour(0, way)]
    const views = { host: host.view, pod: new Host().view }
    const put = deeds.put(deeds.deedFor({ key: keyOf(pod), sandbox, memory, steps }, views))
    host.carryOut(steps)
    return put.changes.length
  }
  const end = (pod: number) => host.carryOut(deeds.release(keyOf(pod)).operations)
  host.carryOut([neighbour(0, 4)])
  t.equal(want(0, 4), 1)
  t.equal(want(3, 0), 1)
  t.equal(want(1, 1), 1)
  t.equal(want(3, 4), 2, 'the one that stands in its place is written down with it')
  end(0)
  end(1)
  t.equal(textOf(host.view), `${ip('10.9.0.0')} 02:00:00:00:00:04`)
  end(3)
  t.equal(textOf(host.view), `${ip('10.9.0.0')} 02:00:00:00:00:04`)
})

/** All in one way, as the host's rule: what pods want in different ways lies on their own cables, and goes with those. */
const alike = fc.record({
  type: fc.constant('Begin' as const),
  pod: fc.nat(pods - 1),
  wants: fc.uniqueArray(fc.tuple(fc.nat(things - 1), fc.constant(0)), {
    selector: ([thing]) => thing
  })
})
const finish = fc.record({ type: fc.constant('Finish' as const), pod: fc.nat(pods - 1) })
const crash = fc.record({ type: fc.constant('Crash' as const), pod: fc.constant(0) })

/** A daemon whose ends take their time: they are decided, carried out, and then written down. */
class Daemon {
  readonly host = new Host()
  readonly journal = new MemoryJournal()
  deeds = new Deeds()
  readonly #ending = new Map<number, Release>()

  begin(pod: number, wants: readonly (readonly [number, number])[]): void {
    // As `RemovedRules`: who wants what is about to go waits for that.
    for (const [ending, { operations }] of this.#ending) {
      if (ending === pod || operations.length > 0) this.finish(ending)
    }
    const steps = wants.map(([thing, way]) => neighbour(thing, way))
    const views = { host: this.host.view, pod: new Host().view }
    const sandbox = { path: '/run/netns/pod', began: { boot: 'boot', ns: 1n } }
    const memory = { mode: 'underlay' as const, routes: new Map(), tables: new Map() }
    const intent = { key: keyOf(pod), sandbox, memory, steps }
    this.journal.commit(this.deeds.put(this.deeds.deedFor(intent, views)).changes)
    this.host.carryOut(steps)
  }

  end(pod: number): void {
    if (this.deeds.get(keyOf(pod)) !== undefined) {
      this.#ending.set(pod, this.deeds.release(keyOf(pod)))
    }
  }

  finish(pod: number): void {
    const release = this.#ending.get(pod)
    if (release === undefined) return
    this.host.carryOut(release.operations)
    this.journal.commit(release.changes())
    this.deeds.settle(keyOf(pod))
    this.#ending.delete(pod)
  }

  /** What was decided and not carried out is decided anew, by what is written down. */
  crash(): void {
    this.#ending.clear()
    const deeds = this.journal.load().map(entry => deedOf(entry) as Deed)
    this.deeds = new Deeds(deeds)
  }
}

function keyOf(pod: number) {
  return roleKey(key(`pod${pod}`), 'coordinator')
}

t.test('ends that overlap, and a daemon that is killed among them', async () => {
  const events = fc.array(
    fc.oneof({ weight: 4, arbitrary: alike }, { weight: 4, arbitrary: end }, finish, crash),
    { maxLength: 30 }
  )
  const before = fc.array(fc.tuple(fc.nat(things - 1), fc.constant(0)), { maxLength: 2 })
  fc.assert(
    fc.property(before, events, (before, events) => {
      const daemon = new Daemon()
      const { host, journal } = daemon
      host.carryOut(before.map(([thing, way]) => neighbour(thing, way)))
      const asItWas = textOf(host.view)
      for (const event of events) {
        if (event.type === 'Begin') daemon.begin(event.pod, event.wants)
        else if (event.type === 'End') daemon.end(event.pod)
        else if (event.type === 'Finish') daemon.finish(event.pod)
        else daemon.crash()
      }
      for (let pod = 0; pod < pods; pod += 1) {
        daemon.finish(pod)
        daemon.end(pod)
        daemon.finish(pod)
      }
      return journal.load().length === 0 && textOf(host.view) === asItWas
    }),
    { numRuns: 1_000 }
  )
})

function textOf({ neighbours }: NamespaceView): string {
  return neighbours
    .map(({ address, mac }) => `${address} ${mac}`)
    .sort()
    .join()
}
