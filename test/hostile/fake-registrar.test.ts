// A peer that answers questions about the registry as if it kept it: with records of its own, with garbage,
// with the advice to ask it. Who can reach the registrar never hears it.

import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { formatRecord } from '../../src/core/registry/record-text.ts'
import { MemoryRegistry } from '../../src/registry/memory-registry.ts'
import { systemClock } from '../../src/host/system-clock.ts'
import { Registrar } from '../../src/registry/registrar.ts'
import { RegistryService } from '../../src/registry/registry-service.ts'
import { encodeAnswer } from '../../src/registry/registry-wire.ts'
import { RemoteRegistry } from '../../src/registry/remote-registry.ts'
import { until } from '../mesh/nodes.ts'
import { Foe } from './foe.ts'
import { HonestNode } from './honest-node.ts'

interface Realm {
  readonly keeper: HonestNode
  readonly reader: HonestNode
  readonly foe: Foe
  readonly remote: () => RemoteRegistry
  /** The keeper answers. */
  isThere: boolean
}

/** A keeper of the registry, one that reads it there, and a foe whom the reader would ask first. */
async function open(t: Test): Promise<Realm> {
  const unused = new MemoryRegistry()
  let registrar: Registrar | undefined
  let remote: RemoteRegistry | undefined
  let foe: Foe | undefined
  const service = () =>
    new RegistryService({
      registrar,
      believed: () => undefined,
      head: () => 0,
      node: 'node-1',
      clock: systemClock
    })
  const keeper: HonestNode = await HonestNode.start(t, {
    ...{ name: 'keeper', registry: unused, founds: true },
    registryOver: (_mesh, store) => (registrar = new Registrar(store)),
    onAsked: (from, question) => {
      if (!realm.isThere) return Promise.reject(new Error('away'))
      return service().answer(from, question)
    }
  })
  const reader = await HonestNode.start(t, {
    ...{ name: 'reader', registry: unused, peers: [keeper.address] },
    registryOver: mesh =>
      (remote = new RemoteRegistry({
        ask: (to, question) => mesh.ask(to, question, 'registry'),
        candidates: () => [...(foe === undefined ? [] : [foe.peer]), keeper.peer],
        learn: (peer, addresses) => mesh.learn([{ incarnation: '', peer, addresses }])
      }))
  })
  const realm: Realm = {
    ...{ keeper, reader, isThere: true },
    get foe() {
      if (foe === undefined) throw new Error('not yet')
      return foe
    },
    remote: () => {
      if (remote === undefined) throw new Error('not yet')
      return remote
    }
  }
  await until(t, () => (registrar?.view.members.size ?? 0) === 2, 'two members')
  await until(t, () => reader.learned === registrar?.view.index, 'the reader has read all')
  foe = await Foe.start(t, unused, [keeper, reader], false)
  return realm
}

async function unharmed(t: Test, { keeper, reader }: Realm): Promise<void> {
  const used = [await keeper.add('after'), await reader.add('after')]
  t.ok(used.every(address => typeof address === 'bigint'))
  t.equal(new Set(used).size, 2)
  for (const node of [keeper, reader]) {
    t.equal(node.ended, undefined)
    t.notOk(node.said(/crashed/))
  }
}

t.test('records of its own are not read while the registrar answers', async t => {
  const realm = await open(t)
  const { reader, keeper, foe } = realm
  let asked = 0
  const lie = formatRecord({
    ...{ type: 'Remove', incarnation: reader.incarnation, heir: keeper.incarnation },
    ...{ assertion: 'OPERATOR', evidence: 'a lie', author: 'foe', atMs: 0 }
  })
  foe.heard.answer = async () => {
    asked += 1
    const head = reader.learned + 1
    return encodeAnswer({ type: 'Slice', head, hash: 'f'.repeat(64), records: [lie] })
  }
  for (let i = 0; i < 20; i += 1) await realm.remote().read(reader.learned + 1)
  t.equal(asked, 0)
  t.equal(realm.remote().registrar, keeper.peer)
  await unharmed(t, realm)
})

t.test('garbage and redirects without end are an answer that failed, and no more', async t => {
  const realm = await open(t)
  const { reader, keeper, foe } = realm
  const answers = [
    () => randomBytes(300),
    () => new Uint8Array(),
    () => encodeAnswer({ type: 'Redirect', registrar: foe.peer, addresses: [], head: 99 }),
    () => encodeAnswer({ type: 'Redirect', registrar: keeper.peer, addresses: [], head: 99 }),
    () => encodeAnswer({ type: 'Conflict' })
  ]
  for (const answer of answers) {
    let asked = 0
    foe.heard.answer = async () => {
      asked += 1
      return answer()
    }
    realm.isThere = false
    await t.rejects(realm.remote().read(1), { code: 'ERR_REGISTRY_UNREACHABLE' })
    t.equal(asked, 1, 'nobody is asked twice')
    realm.isThere = true
    t.ok((await realm.remote().read(1)).head >= reader.learned, 'the registrar is found again')
  }
  await unharmed(t, realm)
})
