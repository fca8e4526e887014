// Thousands of nodes that join at once: the secretaries of all of them and one registry. How many records that makes,
// and when the last one is in.

import { allRules } from '../../src/core/lease/rules.ts'
import { wire } from '../../src/core/protocol.ts'
import { emptyView } from '../../src/core/registry/cluster-view.ts'
import { secretary } from '../../src/actors/secretary.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { Agenda } from './agenda.ts'
import { Chance } from './chance.ts'
import { SimClock } from './sim-clock.ts'
import { SimRegistry } from './sim-registry.ts'
import { SimSystem } from './sim-system.ts'

const ticksPerStep = 12
const settled = Promise.resolve()
const limitMs = 600_000

export interface StormResult {
  readonly nodes: number
  /** Join records that it took. */
  readonly records: number
  /** Milliseconds of virtual time from the first start to the last member. */
  readonly lastMs: number
  /** Questions to the registry. */
  readonly questions: number
}

/** All start within `withinMs`, the one that founds the cluster at once. */
export async function storm(nodes: number, withinMs: number): Promise<StormResult> {
  const agenda = new Agenda(new Chance(1, 'agenda'))
  const chance = new Chance(1, 'storm')
  const registry = new SimRegistry(agenda, new Chance(1, 'registry'), allRules)
  const joined = new Set<string>()
  let questions = 0
  const start = (index: number) => {
    const node = `n${index}`
    const system: SimSystem = new SimSystem({
      clock: new SimClock(agenda, 1),
      wake: turn => wake(turn),
      onHandling: () => {},
      onCrashed: (_, error) => {
        throw error
      },
      onPipes: () => {}
    })
    const wake = (turn: () => boolean) => void agenda.after(0.01, () => turn() && wake(turn))
    const incarnation = chance.hex(16)
    const way = registry.from(index)
    const count = <Answer>(answer: Answer): Answer => {
      questions += 1
      return answer
    }
    const actor = system.spawn(
      secretary({
        registry: {
          append: (at, record) => count(way.append(at, record)),
          read: from => count(way.read(from))
        },
        store: new MemoryStore(),
        log: { debug() {}, info() {}, warn() {}, error() {} },
        random: chance,
        node,
        wishes: {
          ...{ incarnation, node, founds: index === 0, domains: [] },
          ...{ peer: `peer-${chance.hex(24)}`, machine: `machine-${index}`, wire }
        },
        learned: [],
        view: emptyView,
        onView: ({ byIncarnation }) => {
          if (!system.isAlive || !byIncarnation.has(incarnation)) return
          joined.add(incarnation)
          system.abandon()
        },
        onDrain: () => {}
      })
    )
    actor.insist({ type: 'Learn' })
  }
  start(0)
  for (let i = 1; i < nodes; i += 1) agenda.after(chance.between(0, withinMs), () => start(i))
  while (joined.size < nodes && agenda.now < limitMs && agenda.step(limitMs)) {
    for (let i = 0; i < ticksPerStep; i += 1) await settled
  }
  if (joined.size < nodes)
    throw new Error(`${joined.size} of ${nodes} are members after ${limitMs} ms`)
  const records = new Set([...registry.view.members.values()].map(({ since }) => since)).size
  return { nodes, records, lastMs: Math.round(agenda.now), questions }
}
