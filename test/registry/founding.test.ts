// Two nodes that are set as registrars, or one whose log is a copy of the past: at most one of the logs goes on.

import t from 'tap'
import { Founding } from '../../src/registry/founding.ts'
import { Registrar } from '../../src/registry/registrar.ts'
import { RegistryService } from '../../src/registry/registry-service.ts'
import { RemoteRegistry } from '../../src/registry/remote-registry.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import type { Proposal } from '../../src/core/registry/record.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { bytesOf, genesis, join, remove } from '../core/registry/records.ts'

/** Nodes that ask one another about the registry. */
class Land {
  readonly nodes = new Map<string, Keeper>()

  keeper(peer: string, filed: readonly Proposal[], learned: readonly Proposal[] = filed): Keeper {
    const store = new MemoryStore()
    store.commit([
      ...filed.map((record, i) => entry('FileRecord', i, record)),
      ...learned.map((record, i) => entry('LearnRecord', i, record))
    ])
    const keeper = new Keeper(this, peer, store)
    this.nodes.set(peer, keeper)
    return keeper
  }
}

function entry(type: 'FileRecord' | 'LearnRecord', i: number, record: Proposal) {
  return { type, index: i + 1, record: bytesOf(record) }
}

/** A node with `mesh.registrar`. */
class Keeper {
  readonly store: MemoryStore
  readonly registrar: Registrar
  readonly registry: Founding
  readonly remote: RemoteRegistry
  readonly service: RegistryService
  alarms = 0

  constructor(land: Land, peer: string, store: MemoryStore) {
    this.store = store
    this.registrar = new Registrar(store)
    this.remote = new RemoteRegistry({
      ask: async (to, question) => {
        const node = land.nodes.get(to)
        if (node === undefined) throw new Error('no route')
        return node.service.answer(peer, question)
      },
      candidates: () => [...land.nodes.keys()].filter(other => other !== peer),
      learn: () => {}
    })
    const { registrar, remote } = this
    const log = { debug() {}, info() {}, warn() {}, error: () => void (this.alarms += 1) }
    this.registry = new Founding({ registrar, remote, log, settled: async () => {} })
    this.service = new RegistryService({
      registrar,
      believed: () => undefined,
      head: () => store.loadLeases().learned.length,
      node: peer,
      clock: new ManualClock()
    })
  }
}

const young = [genesis, join(1, 2, 3)]
const old = [...young, remove(3, 1)]

t.test('a log that is shorter than what others have read is not gone on with', async t => {
  const land = new Land()
  const past = land.keeper('peer-1', young)
  land.keeper('peer-2', [], old)
  await t.rejects(past.registry.read(1), { code: 'ERR_REGISTRY_UNREACHABLE' })
  await t.rejects(past.registry.append(3, bytesOf(remove(2, 1))))
  t.equal(past.registrar.view.index, 2)
  t.equal(past.alarms, 1)
})

t.test('who kept it before another did follows that one', async t => {
  const land = new Land()
  const now = land.keeper('peer-2', [], old)
  t.equal((await now.registry.read(1)).head, 3, 'what it has learned is the log')
  const then = land.keeper('peer-1', young)
  t.equal((await then.registry.read(1)).head, 3)
  t.equal((await now.registry.read(1)).head, 3)
  t.equal(then.registrar.view.index, 2, 'its own log stays what it was')
})

t.test('and keeps it again when the other does no more', async t => {
  const land = new Land()
  const again = land.keeper('peer-1', young, old)
  t.equal((await again.registry.read(1)).head, 3)
  t.same(await again.registry.append(4, bytesOf(remove(2, 1))), { type: 'Appended' })
  t.equal(new Registrar(again.store).view.index, 4)
})

t.test('who is asked for what comes after more than it has is overtaken', async t => {
  const land = new Land()
  const past = land.keeper('peer-1', young)
  t.equal((await past.registry.read(1)).head, 2, 'nobody was there')
  const other = land.keeper('peer-2', [], old)
  const next = bytesOf(remove(2, 1))
  t.equal((await other.remote.read(4)).head, 2, 'who knows more hears how much it is')
  await t.rejects(past.registry.append(3, next), { code: 'ERR_REGISTRY_UNREACHABLE' })
  t.equal(past.registrar.view.index, 2)
  await t.rejects(other.remote.read(3), { code: 'ERR_REGISTRY_UNREACHABLE' })
})
