// What several deeds want together is brought about once, handed on in whatever order they end, and taken back once.

import t from 'tap'
import { Deeds, roleKey } from '../../src/coordinator/deeds.ts'
import { isThere, type Step } from '../../src/coordinator/step.ts'
import type { Mac } from '../../src/core/link/mac.ts'
import type { Operation } from '../../src/kernel/operation.ts'
import type { Neighbour, NamespaceView } from '../../src/kernel/view.ts'
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
const end = fc.record({ type: fc.constant('End' as const), pod: fc.nat(pods - 1) })

t.test('whoever ends first or last, the host is in the end as it was', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(things - 1), fc.nat(9)), { maxLength: 2 }),
      fc.array(fc.oneof(begin, end), { maxLength: 30 }),
      (before, events) => {
        const host = new Host()
        host.carryOut(before.map(([thing, way]) => neighbour(thing, way)))
        const asItWas = host.view
        const deeds = new Deeds()
        const keyOf = (pod: number) => roleKey(key(`pod${pod}`), 'coordinator')
        const finish = (pod: number) => {
          if (deeds.get(keyOf(pod)) === undefined) return
          host.carryOut(deeds.release(keyOf(pod)).operations)
        }
        for (const event of events) {
          if (event.type === 'End') finish(event.pod)
          else {
            const steps = event.wants.map(([thing, way]) => neighbour(thing, way))
            const views = { host: host.view, pod: new Host().view }
            const sandbox = { path: '/run/netns/pod', began: { boot: 'boot', ns: 1n } }
            const memory = { mode: 'underlay' as const, routes: new Map(), tables: new Map() }
            const intent = { key: keyOf(event.pod), sandbox, memory, steps }
            deeds.put(deeds.deedFor(intent, views))
            host.carryOut(steps)
            if (!steps.every(step => isThere(step, { ...views, host: host.view }))) return false
          }
        }
        for (let pod = 0; pod < pods; pod += 1) finish(pod)
        const text = ({ neighbours }: NamespaceView) =>
          neighbours
            .map(({ address, mac }) => `${address} ${mac}`)
            .sort()
            .join()
        return deeds.size === 0 && text(host.view) === text(asItWas)
      }
    ),
    { numRuns: 300 }
  )
})
