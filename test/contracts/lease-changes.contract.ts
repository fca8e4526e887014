// What every store promises of custody: each kind of change comes back as it was, or not at all.

import type { Test } from 'tap'
import { parseRange } from '../../src/core/address-range.ts'
import type { OpenGrant } from '../../src/core/lease/open-grant.ts'
import type { Register, Run } from '../../src/core/lease/register.ts'
import type { Change } from '../../src/ports/attachment-store.ts'
import { attachment, ip, key } from '../support/samples.ts'
import type { StoreUnderTest } from './attachment-store.contract.ts'

const blue = '10.9.0.0/24'

export function register(seq: number, more: Partial<Register> = {}): Register {
  return { fence: 3, seq, owner: 1, writer: 2, wctr: 40 + seq, tail: '', ...more }
}

export function run(range: string, seq = 0, more: Partial<Register> = {}): Run {
  const parsed = parseRange(range)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return { ...parsed, register: register(seq, more) }
}

function putRuns(removed: readonly string[], added: readonly Run[], domain = blue): Change {
  return { type: 'PutRuns', domain, removed: removed.map(ip), added }
}

function grant(wctr: number, ...runs: Run[]): OpenGrant {
  return { wctr, to: 7, id: 2 ** 40, pool: 'blue', runs }
}

function record(index: number, text: string, type: 'LearnRecord' | 'FileRecord' = 'LearnRecord') {
  return { type, index, record: new TextEncoder().encode(text) } satisfies Change
}

const texts = (records: readonly Uint8Array[]) => records.map(one => new TextDecoder().decode(one))

const mistake = { code: 'ERR_ASSERTION' }

export function leaseChangesContract(t: Test, { open, reopen }: StoreUnderTest): void {
  t.test('an empty store has an identity and nothing else', async t => {
    const store = open()
    const { identity, domains, learned, filed, peers } = store.load().leases
    t.same(store.loadLeases(), store.load().leases)
    t.match(identity, { incarnation: /^[0-9a-f]{32}$/, key: /^[0-9a-f]{64}$/, opened: 1 })
    t.same([domains.size, learned, filed, peers.size], [0, [], [], 0])
    t.same(reopen(store).load().leases.identity, { ...identity, opened: 2 })
  })

  t.test('runs of both families come back, in the order of addresses', async t => {
    const store = open()
    const runs = {
      [blue]: [run('10.9.0.0-10.9.0.127'), run('10.9.0.200', 2 ** 50, { tail: 'c0ffee' })],
      'fd00::/64': [run('fd00::-fd00::ffff:ffff:ffff:ffff'), run('fd00:0:0:1::', 4, { owner: 0 })],
      'ffff::/16': [run('ffff::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')],
      // Around IPv4, where the order of bytes is not that of addresses, and both ends of the line.
      '::/0': [
        run('::'),
        { start: ip('::2'), end: ip('0.0.0.0'), register: register(1) },
        run('0.0.0.0', 2),
        run('255.255.255.255', 3),
        run('::1:0:0:0', 4),
        run('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 5)
      ]
    }
    for (const [domain, added] of Object.entries(runs)) {
      store.commit([putRuns([], added.toReversed(), domain)])
    }
    const { domains } = reopen(store).load().leases
    t.same(Object.fromEntries([...domains].map(([name, { runs }]) => [name, runs])), runs)
    t.equal(domains.get('::/0')?.runs.at(-1)?.end, 1n << 128n)
  })

  t.test('runs are replaced by their first addresses', async t => {
    const store = open()
    store.commit([putRuns([], [run('10.9.0.0-10.9.0.9'), run('10.9.0.20-10.9.0.29')])])
    const parts = [run('10.9.0.0-10.9.0.3', 1), run('10.9.0.4-10.9.0.9')]
    store.commit([putRuns(['10.9.0.0'], parts), putRuns(['10.9.0.20'], [])])
    t.same(reopen(store).load().leases.domains.get(blue)?.runs, parts)
  })

  t.test('runs that contradict what is stored are a mistake', async t => {
    const store = open()
    store.commit([putRuns([], [run('10.9.0.0-10.9.0.9')])])
    const before = store.load()
    t.throws(() => store.commit([putRuns(['10.9.0.1'], [])]), mistake)
    t.throws(() => store.commit([putRuns(['10.9.0.0'], [], '10.8.0.0/24')]), mistake)
    t.throws(() => store.commit([putRuns(['10.9.0.0', '10.9.0.0'], [])]), mistake)
    t.throws(() => store.commit([putRuns([], [run('10.9.0.0')])]), mistake)
    t.throws(() => store.commit([putRuns([], [run('10.9.0.20'), run('10.9.0.20', 1)])]), mistake)
    const empty = { start: ip('10.9.0.30'), end: ip('10.9.0.30'), register: register(0) }
    t.throws(() => store.commit([putRuns([], [empty])]), mistake)
    t.same(reopen(store).load().leases.domains, before.leases.domains)
  })

  t.test('a domain whose last run went is not there any more', async t => {
    const store = open()
    store.commit([putRuns([], [run('10.9.0.0-10.9.0.9')])])
    store.commit([putRuns(['10.9.0.0'], [])])
    t.equal(reopen(store).load().leases.domains.size, 0)
  })

  t.test('marks and the latest requests are overwritten one by one', async t => {
    const store = open()
    const asked = (member: number, id: number): Change => ({
      type: 'PutAsked',
      domain: blue,
      member,
      id
    })
    store.commit([{ type: 'PutMarks', domain: blue, marks: [[1, 5], [2, 2 ** 45]] }, asked(4, 1)]) // prettier-ignore
    store.commit([{ type: 'PutMarks', domain: blue, marks: [[1, 6]] }, asked(4, 9), asked(5, 2)])
    store.commit([{ type: 'PutHeard', domain: blue, marks: [[1, 8], [3, 2]] }]) // prettier-ignore
    store.commit([{ type: 'PutHeard', domain: blue, marks: [[1, 9]] }])
    const domain = reopen(store).load().leases.domains.get(blue)
    t.strictSame(domain?.marks, new Map([[1, 6], [2, 2 ** 45]])) // prettier-ignore
    t.strictSame(domain?.asked, new Map([[4, 9], [5, 2]])) // prettier-ignore
    t.strictSame(domain?.heard, new Map([[1, 9], [3, 2]])) // prettier-ignore
  })

  t.test('an open grant stays with its runs until it is dropped', async t => {
    const store = open()
    const first = grant(11, run('10.9.0.8-10.9.0.9', 1), run('10.9.0.2', 5, { tail: 'aa' }))
    const second = { ...grant(2 ** 33), id: 0 }
    const put = (one: OpenGrant): Change => ({ type: 'PutGrant', domain: blue, grant: one })
    const drop = (wctr: number): Change => ({ type: 'DropGrant', domain: blue, wctr })
    store.commit([put(second), put(first)])
    t.throws(() => store.commit([put(first)]), mistake, 'made twice')
    const again = reopen(store)
    t.same(again.load().leases.domains.get(blue)?.grants, [first, second])
    again.commit([drop(11), drop(12), { ...drop(2 ** 33), domain: 'fd00::/64' } as Change])
    again.commit([drop(11)])
    t.same(reopen(again).load().leases.domains.get(blue)?.grants, [second])
  })

  t.test('a contest is known once, whoever tells it', async t => {
    const store = open()
    const claims = () => [register(2, { tail: 'ff' }), register(2, { owner: 9 })] as const
    const contest = (address: string): Change => ({
      type: 'PutContest',
      domain: 'fd00::/64',
      contest: { address: ip(address), claims: claims() }
    })
    store.commit([contest('fd00::9'), contest('fd00::9'), contest('fd00::3')])
    const again = reopen(store)
    again.commit([contest('fd00::9')])
    t.same(reopen(again).load().leases.domains.get('fd00::/64')?.contests, [
      { address: ip('fd00::9'), claims: claims() },
      { address: ip('fd00::3'), claims: claims() }
    ])
  })

  t.test('records follow one another without a gap, each in its copy of the registry', async t => {
    const store = open()
    store.commit([record(1, 'one'), record(2, 'two'), record(1, 'eins', 'FileRecord')])
    for (const type of ['LearnRecord', 'FileRecord'] as const) {
      for (const index of [0, 1, 4]) {
        t.throws(() => store.commit([record(index, 'x', type)]), mistake, `${type} ${index}`)
      }
    }
    const bytes = new TextEncoder().encode('three')
    store.commit([{ type: 'LearnRecord', index: 3, record: bytes }])
    bytes.fill(0)
    const { learned, filed } = reopen(store).load().leases
    t.same([texts(learned), texts(filed)], [['one', 'two', 'three'], ['eins']])
  })

  t.test('of each peer the latest session is known', async t => {
    const store = open()
    const meet = (incarnation: string, opened: number, id: string): Change => ({
      type: 'MeetPeer',
      incarnation,
      session: { opened, id }
    })
    store.commit([meet('aa', 1, '01'), meet('bb', 1, '02'), meet('aa', 2, '03')])
    t.strictSame(
      reopen(store).load().leases.peers,
      new Map([
        ['aa', { opened: 2, id: '03' }],
        ['bb', { opened: 1, id: '02' }]
      ])
    )
  })

  t.test('a confirmed boot is remembered', async t => {
    const store = open()
    store.commit([{ type: 'ConfirmBoot', boot: 'boot-7' }])
    t.equal(reopen(store).load().leases.identity.boot, 'boot-7')
  })

  t.test('a drain is remembered until it is called off, whoever lives there', async t => {
    let store = open()
    const isDraining = () => store.load().leases.identity.isDraining
    t.equal(isDraining(), false)
    store.commit([{ type: 'SetDraining', draining: true }])
    store.commit([{ type: 'SetDraining', draining: true }])
    store = reopen(store)
    t.equal(isDraining(), true)
    store.commit([{ type: 'Reincarnate', incarnation: 'e'.repeat(32), key: 'f'.repeat(64) }])
    t.equal(isDraining(), true)
    store.commit([{ type: 'SetDraining', draining: false }])
    store = reopen(store)
    t.equal(isDraining(), false)
  })

  t.test('another incarnation keeps the pods and the registry and nothing else', async t => {
    const store = open()
    const everything: Change[] = [
      { type: 'Attach', attachment: attachment('c1', ['10.9.0.7']) },
      { type: 'Attach', attachment: attachment('c2', ['10.9.0.8']) },
      { type: 'Detach', key: key('c2'), addresses: [ip('10.9.0.8')], since: 5, boot: 'boot-1' },
      { type: 'Bury', tombstone: { key: key('c2'), began: { boot: 'boot-1', ns: 9n } } },
      { type: 'MoveCursor', pool: 'blue', address: ip('10.9.0.8') },
      record(1, 'one'),
      record(1, 'eins', 'FileRecord'),
      putRuns([], [run('10.9.0.0-10.9.0.9')]),
      { type: 'PutMarks', domain: blue, marks: [[1, 5]] },
      { type: 'PutHeard', domain: blue, marks: [[1, 7]] },
      { type: 'PutGrant', domain: blue, grant: grant(3, run('10.9.0.2')) },
      { type: 'PutAsked', domain: blue, member: 4, id: 1 },
      { type: 'MeetPeer', incarnation: 'aa', session: { opened: 1, id: '01' } },
      {
        type: 'PutContest',
        domain: blue,
        contest: { address: ip('10.9.0.2'), claims: [register(1), register(1, { tail: '00' })] }
      }
    ]
    store.commit(everything)
    const before = store.load()
    const rebirth = {
      type: 'Reincarnate',
      incarnation: 'e'.repeat(32),
      key: 'f'.repeat(64)
    } as const
    const { incarnation, key: seed } = before.leases.identity
    t.throws(() => store.commit([{ ...rebirth, incarnation, key: seed }]), mistake)
    // What follows in the same commit belongs to the new one already.
    store.commit([rebirth, { type: 'PutMarks', domain: blue, marks: [[8, 1]] }])
    const after = store.load()
    t.same({ ...after, leases: 0 }, { ...before, leases: 0 })
    const { identity, domains, learned, filed, peers } = after.leases
    const { type: _, ...self } = rebirth
    t.same(identity, { ...before.leases.identity, ...self })
    t.same([texts(learned), texts(filed), peers.size], [['one'], ['eins'], 0])
    t.strictSame(domains, new Map([[blue, { ...emptyDomain, marks: new Map([[8, 1]]) }]]))
    store.commit([putRuns([], [run('10.9.0.0-10.9.0.9')])])
    store.commit([{ type: 'PutGrant', domain: blue, grant: grant(3, run('10.9.0.2', 1)) }])
    const again = reopen(store).load().leases
    t.same(again.identity, { ...identity, opened: 2 })
    t.same(again.domains.get(blue)?.grants, [grant(3, run('10.9.0.2', 1))])
  })

  t.test('of a commit with a mistake nothing stays, pods or custody', async t => {
    const store = open()
    store.commit([
      { type: 'Attach', attachment: attachment('c1', ['10.9.0.7']) },
      putRuns([], [run('10.9.0.0-10.9.0.9')]),
      { type: 'PutGrant', domain: blue, grant: grant(3, run('10.9.0.2')) }
    ])
    const before = store.load()
    const good: Change[] = [
      putRuns(['10.9.0.0'], [run('10.9.0.0-10.9.0.9', 1)]),
      putRuns([], [run('fd00::1')], 'fd00::/64'),
      { type: 'DropGrant', domain: blue, wctr: 3 },
      { type: 'PutGrant', domain: blue, grant: grant(4, run('10.9.0.3')) },
      { type: 'PutMarks', domain: blue, marks: [[1, 5]] },
      { type: 'PutAsked', domain: blue, member: 4, id: 1 },
      record(1, 'one'),
      { type: 'Attach', attachment: attachment('c2', ['10.9.0.8']) },
      { type: 'Detach', key: key('c1'), addresses: [ip('10.9.0.7')], since: 5, boot: 'boot-1' },
      { type: 'ConfirmBoot', boot: 'boot-9' },
      { type: 'Reincarnate', incarnation: 'e'.repeat(32), key: 'f'.repeat(64) }
    ]
    t.throws(() => store.commit([...good, putRuns(['10.9.0.0'], [])]), mistake)
    t.throws(() => store.commit([...good, record(3, 'three')]), mistake)
    t.same(store.load(), before)
    t.throws(() => store.commit([...good, attachAgain]), mistake)
    const { leases, ...rest } = reopen(store).load()
    const { leases: leasesBefore, ...restBefore } = before
    t.same(rest, restBefore)
    t.same(leases, { ...leasesBefore, identity: { ...leasesBefore.identity, opened: 2 } })
  })

  t.test('what was loaded does not follow the store', async t => {
    const store = open()
    const meet: Change = { type: 'MeetPeer', incarnation: 'aa', session: { opened: 1, id: '01' } }
    store.commit([putRuns([], [run('10.9.0.1')]), meet, record(1, 'one')])
    store.commit([{ type: 'PutMarks', domain: blue, marks: [[1, 5]] }])
    const early = store.load()
    store.commit([putRuns(['10.9.0.1'], [run('10.9.0.2')]), { ...meet, incarnation: 'bb' }])
    store.commit([record(2, 'two'), { type: 'PutMarks', domain: blue, marks: [[1, 6]] }])
    const { domains, peers, learned } = early.leases
    t.same(domains.get(blue)?.runs, [run('10.9.0.1')])
    t.same([domains.get(blue)?.marks.get(1), [...peers.keys()], learned.length], [5, ['aa'], 1])
  })
}

const emptyDomain = {
  ...{ runs: [], grants: [], contests: [] },
  ...{ marks: new Map(), heard: new Map(), asked: new Map() }
}

const attachAgain: Change = { type: 'Attach', attachment: attachment('c3', ['10.9.0.8']) }
