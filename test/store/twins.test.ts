// Both stores are given the same histories of commits, good ones and mistakes: they take or refuse the same
// ones and hold the same at the end.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { AttachmentStore, Change, StoredState } from '../../src/ports/attachment-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { openStore } from '../../src/store/open-store.ts'
import { register, run } from '../contracts/lease-changes.contract.ts'
import * as fc from '../support/property.ts'
import { attachment, ip, key } from '../support/samples.ts'

const domains = ['10.9.0.0/24', '10.8.0.0/24']
const addresses = ['10.9.0.1', '10.9.0.2', '10.9.0.3']
const domain = fc.constantFrom(...domains)
const address = fc.constantFrom(...addresses)
const small = fc.nat(3)
const pod = fc.constantFrom('c1', 'c2', 'c3')
const boot = 'boot-1'

const one: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    type: fc.constant('PutRuns' as const),
    domain,
    removed: fc.array(address.map(ip), { maxLength: 2 }),
    added: fc.array(
      fc.tuple(address, small).map(([at, seq]) => run(at, seq)),
      { maxLength: 2 }
    )
  }),
  fc.record({
    type: fc.constant('PutMarks' as const),
    domain,
    marks: fc.array(fc.tuple(small, small), { maxLength: 2 })
  }),
  fc.tuple(domain, small, address).map(([domain, wctr, at]): Change => {
    const grant = { wctr, to: 2, id: 1, pool: 'blue', runs: [run(at, 9), run(at, 8)] }
    return { type: 'PutGrant', domain, grant }
  }),
  fc.record({ type: fc.constant('DropGrant' as const), domain, wctr: small }),
  fc.record({ type: fc.constant('PutAsked' as const), domain, member: small, id: small }),
  fc.tuple(domain, address, small).map(([domain, at, seq]): Change => {
    const claims = [register(seq), register(seq, { owner: 0 })] as const
    return { type: 'PutContest', domain, contest: { address: ip(at), claims } }
  }),
  fc.record({
    type: fc.constantFrom('LearnRecord' as const, 'FileRecord' as const),
    index: fc.integer({ min: 1, max: 3 }),
    record: fc.uint8Array({ maxLength: 3 }).map(bytes => new Uint8Array(bytes))
  }),
  fc.record({
    type: fc.constant('MeetPeer' as const),
    incarnation: fc.constantFrom('aa', 'bb'),
    session: fc.record({ opened: small, id: fc.constant('01') }, { noNullPrototype: true })
  }),
  fc.record({ type: fc.constant('ConfirmBoot' as const), boot: fc.constantFrom('b1', 'b2') }),
  fc.record({
    type: fc.constant('Reincarnate' as const),
    incarnation: fc.constantFrom('i1', 'i2'),
    key: fc.constant('k')
  }),
  fc.record({
    type: fc.constant('Attach' as const),
    attachment: fc
      .tuple(pod, fc.uniqueArray(address, { minLength: 1, maxLength: 2 }))
      .map(([container, held]) => attachment(container, held))
  }),
  fc.tuple(pod, small).map(([container, ns]): Change => ({
    type: 'Bury',
    tombstone: { key: key(container), began: { boot, ns: BigInt(ns) } }
  })),
  pod.map((container): Change => ({ type: 'Unbury', keys: [key(container)] })),
  fc.record({
    type: fc.constant('Forget' as const),
    addresses: fc.array(address.map(ip)),
    until: small,
    boot: fc.constant(boot)
  }),
  fc.record({
    type: fc.constant('MoveCursor' as const),
    pool: fc.constant('blue'),
    address: address.map(ip)
  })
)

/** A pod that ends; which addresses it has is only known by then. */
type Step = readonly Change[] | { readonly ends: string; readonly since: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.array(one, { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.record({ ends: pod, since: small }) }
  ),
  { maxLength: 25 }
)

function changesOf(step: Step, { attachments }: StoredState): readonly Change[] {
  if (!('ends' in step)) return step
  const ending = attachments.find(({ key }) => key.containerId === step.ends)
  const held = ending?.assignments.map(({ address }) => address) ?? []
  return [{ type: 'Detach', key: key(step.ends), addresses: held, since: step.since, boot }]
}

function outcome(store: AttachmentStore, changes: readonly Change[]): string {
  try {
    store.commit(changes)
    return 'taken'
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

/** The order of addresses that were released together is not promised. */
function comparable(state: StoredState) {
  const { identity } = state.leases
  const cooling = state.cooling.toSorted((a, b) => Number(a.address - b.address))
  return { ...state, cooling, leases: { ...state.leases, identity: { ...identity, opened: 0 } } }
}

t.test('the twins agree on every history', async t => {
  const root = mkdtempSync(join(tmpdir(), 'orbweaver-twins-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const seen = new Set<string>()
  fc.assert(
    fc.property(steps, history => {
      const directory = mkdtempSync(join(root, 'history-'))
      const disk = openStore(directory, { boot })
      const memory = new MemoryStore(disk.load().leases.identity)
      for (const step of history) {
        const changes = changesOf(step, memory.load())
        const taken = outcome(memory, changes)
        seen.add(taken.split(':')[0] ?? '')
        assert.equal(outcome(disk, changes), taken)
      }
      disk.close()
      const again = openStore(directory, { boot })
      assert.deepEqual(comparable(again.load()), comparable(memory.load()))
      again.close()
    }),
    { numRuns: 60 }
  )
  t.same([...seen].sort(), ['AssertionError', 'taken'], 'mistakes and good commits both came')
})
