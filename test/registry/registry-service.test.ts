import t from 'tap'
import type { Proposal } from '../../src/core/registry/record.ts'
import { Registrar } from '../../src/registry/registrar.ts'
import { type Belief, RegistryService } from '../../src/registry/registry-service.ts'
import {
  type Answer,
  decodeAnswer,
  encodeQuestion,
  type Question
} from '../../src/registry/registry-wire.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import {
  addRange,
  bytesOf,
  genesis,
  join,
  joining,
  name,
  remove
} from '../core/registry/records.ts'

function registrarWith(...records: readonly Proposal[]): Registrar {
  const store = new MemoryStore()
  store.commit(
    records.map((record, i) => ({ type: 'FileRecord', index: i + 1, record: bytesOf(record) }))
  )
  return new Registrar(store)
}

async function ask(registrar: Registrar, peer: string, question: Question): Promise<Answer> {
  const service = new RegistryService({
    registrar,
    believed: () => undefined,
    head: () => 0,
    node: 'node-1',
    clock: new ManualClock()
  })
  return decodeAnswer(await service.answer(peer, encodeQuestion(question)))
}

function talk(n: number): Proposal {
  return { type: 'Talk', incarnation: name(n), wire: { min: 1, max: 2 } }
}

t.test('who may append what', async t => {
  const records = [genesis, join(1, 2, 3), remove(3, 1)]
  const rows: [string, Proposal | string, RegExp | undefined][] = [
    ['peer-4', join(4), undefined],
    ['peer-4', join(5), /peer-4 may not join as peer peer-5 \(node-5\)/],
    ['peer-4', join(4, 5), /may not join as peer peer-5/],
    ['peer-3', { type: 'Join', members: [joining(5, { peer: 'peer-3' })] }, /belongs to/],
    ['peer-4', genesis, /only the registrar itself founds/],
    ['peer-1', genesis, /only the registrar itself founds/],
    ['peer-1', remove(2, 1), undefined],
    ['peer-1', addRange('10.9.0.1', '10.9.0.9', [1]), undefined],
    ['peer-4', remove(2, 1), /peer-4 is no member .*join first/],
    ['peer-3', remove(2, 1), /node-3 was removed by record 3; it must join as a new incarnation/],
    ['peer-1', talk(1), undefined],
    ['peer-1', talk(2), /node-1 may not say what another member talks/],
    ['peer-1', '{"type":"Motto"}', undefined],
    ['peer-4', '{"type":"Motto"}', /no member/],
    ['peer-1', '{', /no record/]
  ]
  for (const [peer, record, why] of rows) {
    const bytes = typeof record === 'string' ? new TextEncoder().encode(record) : bytesOf(record)
    const registrar = registrarWith(...records)
    const answer = await ask(registrar, peer, { type: 'Append', index: 4, record: bytes })
    const what = `${peer} ${typeof record === 'string' ? record : record.type}`
    t.match(answer, why === undefined ? { type: 'Appended' } : { type: 'Refused', why }, what)
    t.equal(registrar.view.index, why === undefined ? 4 : 3)
  }
})

t.test('nobody founds a cluster from afar', async t => {
  const question = { type: 'Append', index: 1, record: bytesOf(genesis) } as const
  t.match(await ask(registrarWith(), 'peer-1', question), { type: 'Refused', why: /then join/ })
})

t.test('who is late hears of the conflict, not of a rule', async t => {
  const question = { type: 'Append', index: 2, record: bytesOf(remove(2, 1)) } as const
  t.same(await ask(registrarWith(genesis, join(1)), 'peer-9', question), { type: 'Conflict' })
})

t.test('anybody with the key of the cluster reads', async t => {
  const answer = await ask(registrarWith(genesis, join(1)), 'peer-9', { type: 'Read', from: 2 })
  t.match(answer, { type: 'Slice', head: 2, records: { length: 1 } })
})

t.test('elsewhere there is only the way to the registrar', async t => {
  let believed: Belief | undefined
  const service = new RegistryService({
    registrar: undefined,
    believed: () => believed,
    head: () => 0,
    node: 'node-9',
    clock: new ManualClock()
  })
  const question = encodeQuestion({ type: 'Read', from: 1 })
  t.same(decodeAnswer(await service.answer('peer-9', question)), { type: 'Redirect', head: 0 })
  believed = { registrar: 'peer-1', addresses: ['/ip4/192.0.2.1/tcp/7946'] }
  t.same(decodeAnswer(await service.answer('peer-9', question)), {
    type: 'Redirect',
    ...believed,
    head: 0
  })
  await t.rejects(service.answer('peer-9', new Uint8Array([1])), { code: 'ERR_FRAME_INVALID' })
})

t.test('a store that fails gives no answer', async t => {
  const store = new MemoryStore()
  const registrar = new Registrar(store)
  await registrar.append(1, bytesOf(genesis))
  store.commit = () => {
    throw new Error('no')
  }
  const question = { type: 'Append', index: 2, record: bytesOf(join(4)) } as const
  await t.rejects(ask(registrar, 'peer-4', question), /no/)
})
