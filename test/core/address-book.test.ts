// The book against a dumb model over a universe of a few addresses: what it hands out, when, and never twice.

import t from 'tap'
import type { Address } from '../../src/core/address.ts'
import { formatRange } from '../../src/core/address-range.ts'
import { AddressSet } from '../../src/core/address-set.ts'
import { AddressBook } from '../../src/core/address-book.ts'
import type { Reservation } from '../../src/core/reservation.ts'
import * as fc from '../support/property.ts'
import { ip, pool, sandbox } from '../support/samples.ts'

const policy = { normalMs: 30_000, scarceMs: 5_000 }
const small = pool('small', '10.9.0.0/29', '10.9.0.1-10.9.0.6')

const everything = AddressSet.of([{ start: ip('::'), end: 1n << 128n }])

function book(...pools: ReturnType<typeof pool>[]): AddressBook {
  const made = new AddressBook(policy)
  made.gain(everything)
  made.setPools(pools.length === 0 ? [small] : pools)
  return made
}

function formatted(set: AddressSet): string[] {
  return [...set.ranges()].map(formatRange)
}

function range(start: Address, length: bigint): AddressSet {
  return AddressSet.of([{ start, end: start + length }])
}

function given(reservation: Reservation): Address {
  if (reservation.type !== 'Reserved') throw new Error(`reservation is ${reservation.type}`)
  return reservation.address
}

/** Reserve and confirm. */
function take(from: AddressBook, name = 'small', now = 0): Address {
  const address = given(from.reserve(name, 'somebody', now))
  from.confirm(address)
  return address
}

t.test('next-fit goes on after the last address and comes round', async t => {
  const made = book()
  t.same([take(made), take(made)], [ip('10.9.0.1'), ip('10.9.0.2')])
  made.cool(ip('10.9.0.1'), 0, undefined, false)
  t.same(made.endCooldowns(30_000), [ip('10.9.0.1')])
  t.same(
    [take(made), take(made), take(made), take(made), take(made)],
    ['10.9.0.3', '10.9.0.4', '10.9.0.5', '10.9.0.6', '10.9.0.1'].map(ip)
  )
  t.match(made.reserve('small', 'x', 30_000), { type: 'Exhausted', readyInMs: undefined })
})

t.test('a cancelled reservation is as if it had never been', async t => {
  const made = book()
  const first = given(made.reserve('small', 'x', 0))
  made.cancel(first)
  t.equal(given(made.reserve('small', 'y', 0)), first)
  t.match(made.usage(), [{ used: 1n, free: 5n, cooling: 0n, total: 6n }])
})

t.test('a released address cools down', async t => {
  const rows = [
    { what: 'not before its time', now: 29_999, vacated: false, ended: 0 },
    { what: 'until its time', now: 30_000, vacated: false, ended: 1 },
    { what: 'also when its namespace is gone', now: 29_999, vacated: true, ended: 0 }
  ]
  for (const { what, now, vacated, ended } of rows) {
    const made = book()
    made.cool(take(made), 0, sandbox(1), vacated)
    t.equal(made.endCooldowns(now).length, ended, what)
    made.checkInvariants()
  }
})

t.test('when nothing is free a cooling address may serve early', async t => {
  const full = (vacated: boolean) => {
    const made = book()
    const all = [1, 2, 3, 4, 5, 6].map(() => take(made))
    made.cool(all[2] as Address, 1_000, sandbox(1), vacated)
    return made
  }
  t.match(full(false).reserve('small', 'x', 5_999), {
    type: 'Exhausted',
    readyInMs: 1,
    suspects: [{ address: ip('10.9.0.3') }]
  })
  t.equal(given(full(false).reserve('small', 'x', 6_000)), ip('10.9.0.3'), 'after the least time')
  t.equal(given(full(true).reserve('small', 'x', 1_000)), ip('10.9.0.3'), 'at once when vacated')
  const late = full(false)
  const exhausted = late.reserve('small', 'x', 1_000)
  const [warm] = exhausted.type === 'Exhausted' ? exhausted.suspects : []
  if (warm === undefined) throw new Error('an address is cooling')
  late.vacate({ ...warm, since: 999 })
  t.match(late.reserve('small', 'x', 1_001), { type: 'Exhausted' }, 'not for an older look at it')
  late.vacate(warm)
  t.equal(given(late.reserve('small', 'x', 1_001)), ip('10.9.0.3'), 'as soon as it is vacated')
  late.cancel(ip('10.9.0.3'))
  late.checkInvariants()
  t.match(
    late.usage(),
    [{ cooling: 1n, used: 5n }],
    'and cools on when the reservation is cancelled'
  )
})

t.test('an address by name', async t => {
  const made = book(small, pool('other', '10.9.0.0/29', '10.9.0.7'))
  const exact = (address: string, pools = ['small'], now = 0) =>
    made.reserveExact(ip(address), pools, 'x', now)
  t.equal(given(exact('10.9.0.4')), ip('10.9.0.4'))
  t.match(exact('10.9.0.4'), { type: 'Taken', holder: 'x' })
  t.match(exact('10.9.0.7'), { type: 'Outside' }, 'of a pool that may not serve')
  t.equal(given(exact('10.9.0.7', ['small', 'other'])), ip('10.9.0.7'))
  t.match(exact('10.9.0.200'), { type: 'Outside' })
  made.confirm(ip('10.9.0.4'))
  made.cool(ip('10.9.0.4'), 0, sandbox(1), false)
  t.match(exact('10.9.0.4', ['small'], 4_999), { type: 'Exhausted', readyInMs: 1 })
  t.equal(given(exact('10.9.0.4', ['small'], 5_000)), ip('10.9.0.4'))
})

t.test('pools change under running pods', async t => {
  const made = book()
  const kept = take(made)
  const cooling = take(made)
  made.cool(cooling, 0, undefined, false)
  made.setPools([pool('small', '10.9.0.0/29', '10.9.0.5-10.9.0.6')])
  made.checkInvariants()
  t.same([...made.poolsInUse()], ['small'])
  t.equal(take(made), ip('10.9.0.5'))
  made.cool(kept, 1, undefined, false)
  t.same(made.endCooldowns(60_000), [cooling, kept], 'what no pool has any more still ends')
  made.setPools([small])
  made.checkInvariants()
  t.match(made.usage(), [{ used: 1n, free: 5n }])
  made.setPools([])
  t.same([made.usage(), [...made.poolsInUse()]], [[], ['small']])
  made.setPools([pool('small', '10.9.0.0/29')])
  t.match(made.usage(), [{ total: 0n, used: 1n, free: 0n }], 'what drains is seen to be in use')
})

t.test('what the store remembers is used before anything is handed out', async t => {
  const made = book()
  made.restoreLive(ip('10.9.0.1'), 'small', 'a')
  made.restoreCooling({ address: ip('10.9.0.2'), pool: 'small', since: 0 }, false)
  made.setCursor('small', ip('10.9.0.4'))
  made.checkInvariants()
  t.same(
    [take(made), take(made)],
    [ip('10.9.0.4'), ip('10.9.0.5')],
    'next-fit goes on where it was'
  )
})

t.test('an address is free when a pool offers it and it is ours', async t => {
  const made = new AddressBook(policy)
  made.setPools([small])
  t.match(made.reserve('small', 'x', 0), { type: 'Exhausted', suspects: [] })
  t.match(made.reserveExact(ip('10.9.0.2'), ['small'], 'x', 0), { type: 'Elsewhere' })
  made.gain(range(ip('10.9.0.2'), 2n))
  made.gain(range(ip('10.9.0.3'), 1n))
  made.gain(range(ip('10.9.0.7'), 9n))
  made.checkInvariants()
  t.match(made.usage(), [{ total: 6n, free: 2n }])
  t.same([take(made), take(made)], [ip('10.9.0.2'), ip('10.9.0.3')])
  t.same(formatted(made.mine), ['10.9.0.2-10.9.0.3', '10.9.0.7-10.9.0.15'])
  made.setPools([pool('small', '10.9.0.0/29', '10.9.0.6-10.9.0.9')])
  made.checkInvariants()
  t.equal(take(made), ip('10.9.0.7'), 'custody outlives the pools')
})

t.test('what is lost leaves at once, but pods stay and what cools goes on to cool', async t => {
  const made = book()
  const [live, cooling] = [take(made), take(made)]
  made.cool(cooling, 0, undefined, false)
  const reserved = given(made.reserve('small', 'x', 0))
  t.same(made.coolingIn(everything), [cooling])
  made.lose(range(ip('10.9.0.1'), 4n))
  made.checkInvariants()
  t.same(made.coolingIn(everything), [cooling])
  t.same(made.grantable('small', 10_000, true).has(cooling), false)
  t.ok(made.occupied().has(cooling))
  made.forget([cooling])
  t.same(made.coolingIn(everything), [])
  t.notOk(made.occupied().has(cooling))
  t.match(made.usage(), [{ used: 2n, cooling: 0n, free: 2n }])
  t.equal(made.holderOf(live), 'somebody')
  made.cancel(reserved)
  made.cool(live, 1, undefined, true)
  t.match(made.reserveExact(live, ['small'], 'x', 1), { type: 'Elsewhere' }, 'cooling elsewhere')
  t.same(made.coolingIn(everything), [live])
  t.equal(made.holding('small').cooling, 1)
  made.gain(range(ip('10.9.0.1'), 1n))
  made.checkInvariants()
  t.same(formatted(made.grantable('small', 1, true)), ['10.9.0.1', '10.9.0.5-10.9.0.6'])
  t.same(made.endCooldowns(30_001), [live])
  t.match(made.usage(), [{ used: 0n, cooling: 0n, free: 3n }])
})

t.test('a pod that was there before custody came keeps its address', async t => {
  const made = new AddressBook(policy)
  made.setPools([small])
  made.restoreLive(ip('10.9.0.1'), 'small', 'a')
  made.restoreCooling({ address: ip('10.9.0.2'), pool: 'small', since: 0 }, true)
  made.restoreCooling({ address: ip('10.9.0.3'), pool: 'small', since: -1 }, true)
  made.gain(range(ip('10.9.0.1'), 4n))
  made.checkInvariants()
  t.same(formatted(made.liveRanges()), ['10.9.0.1'])
  t.same([take(made), take(made), take(made)], ['10.9.0.4', '10.9.0.3', '10.9.0.2'].map(ip))
})

t.test('what may be given away', async t => {
  const made = book()
  const [live, warm, old, gone] = [take(made), take(made), take(made), take(made)]
  made.cool(old, 0, sandbox(1), false)
  made.cool(warm, 1_000, sandbox(2), false)
  made.cool(gone, 1_000, sandbox(3), true)
  given(made.reserve('small', 'x', 0))
  t.same(formatted(made.grantable('small', 5_000, false)), ['10.9.0.6'])
  t.same(formatted(made.grantable('small', 5_000, true)), ['10.9.0.3-10.9.0.4', '10.9.0.6'])
  t.same(formatted(made.grantable('nowhere', 5_000, true)), [])
  t.same(
    made.suspectsOf('small').map(({ address }) => address),
    [old, warm],
    'the oldest first'
  )
  t.same(made.suspectsOf('nowhere'), [])
  t.same(made.holding('small'), { free: 1, used: 2, cooling: 3 })
  t.same(made.holding('nowhere'), { free: 0, used: 0, cooling: 0 })
  t.equal(made.holderOf(live), 'somebody')
  t.equal(made.holderOf(warm), undefined)
  t.same(formatted(made.liveRanges()), ['10.9.0.1', '10.9.0.5'])
  const wide = book(pool('w', 'fd00::/64', 'fd00::1-fd00::ffff:ffff:ffff:fffe'))
  t.equal(wide.holding('w').free, Number.MAX_SAFE_INTEGER)
})

t.test('the oldest cools down first, also after a cancelled reservation', async t => {
  const made = book()
  const all = [1, 2, 3, 4, 5, 6].map(() => take(made))
  for (const [i, address] of all.entries()) made.cool(address, i, undefined, false)
  t.equal(given(made.reserve('small', 'x', 6_000)), all[0])
  made.cancel(all[0] as Address)
  t.equal(given(made.reserve('small', 'x', 6_000)), all[0])
  made.cancel(all[0] as Address)
  t.same(made.endCooldowns(30_000), [all[0]])
})

t.test('an address is kept for one holder', async t => {
  const made = book()
  const exact = (keeper?: string, now = 0) =>
    made.reserveExact(ip('10.9.0.2'), ['small'], 'x', now, keeper)
  made.keep(ip('10.9.0.2'), 'web-0')
  t.match(made.usage(), [{ used: 1n, free: 5n }], 'it counts as used')
  t.same([take(made), take(made)], [ip('10.9.0.1'), ip('10.9.0.3')], 'and is stepped over')
  t.match(exact(), { type: 'Taken', holder: 'web-0' })
  t.match(exact('web-1'), { type: 'Taken', holder: 'web-0' })
  t.equal(given(exact('web-0')), ip('10.9.0.2'))
  made.confirm(ip('10.9.0.2'))
  made.cool(ip('10.9.0.2'), 0, undefined, false)
  t.match(exact('web-0', 4_999), { type: 'Exhausted', readyInMs: 1 }, 'its old link is there')
  t.same([take(made), take(made), take(made)], ['10.9.0.4', '10.9.0.5', '10.9.0.6'].map(ip))
  t.same(made.reserve('small', 'y', 10_000), { type: 'Exhausted', suspects: [] })
  t.equal(made.isGrantable(ip('10.9.0.2'), 4_999), false)
  t.equal(made.isGrantable(ip('10.9.0.2'), 5_000), true, 'to whoever asks for it by name')
  t.ok(made.grantable('small', 10_000, true).isEmpty)
  t.same(made.endCooldowns(30_000), [ip('10.9.0.2')])
  t.match(made.reserve('small', 'y', 30_000), { type: 'Exhausted' })
  made.keep(ip('10.9.0.2'), undefined)
  t.equal(take(made), ip('10.9.0.2'), 'nobody keeps it any more')
  made.checkInvariants()
})

t.test('a pool of any width is one and the same effort', async t => {
  for (const wide of [
    pool('w', '10.0.0.0/8', '10.0.0.1-10.255.255.254'),
    pool('w', 'fd00::/64', 'fd00::1-fd00::ffff:ffff:ffff:fffe')
  ]) {
    const made = book(wide)
    t.equal(take(made, 'w'), wide.usable.ranges().next().value?.start)
    t.equal(made.usage()[0]?.used, 1n)
  }
})

const command = fc.record({
  type: fc.constantFrom(
    'gain',
    'gain',
    'lose',
    'reserve',
    'reserve',
    'confirm',
    'confirm',
    'cancel',
    'cool',
    'vacate',
    'exact',
    'keep',
    'unkeep',
    'wait',
    'pools'
  ),
  n: fc.nat(7)
})

t.test('random histories agree with the model', async t => {
  const layouts = [
    [small],
    [pool('small', '10.9.0.0/29', '10.9.0.1-10.9.0.3'), pool('more', '10.9.0.0/29', '10.9.0.5')],
    []
  ]
  fc.assert(
    fc.property(fc.array(command, { maxLength: 80 }), commands => {
      const made = book()
      // The model: one word for each address that is not simply free, and since when it is so.
      const state = new Map<Address, { word: 'reserved' | 'live' | 'cooling'; since: number }>()
      let now = 0
      const reserved = (reservation: Reservation) => {
        if (reservation.type !== 'Reserved') return
        const before = state.get(reservation.address)
        const early = before?.word === 'cooling' && now - before.since < policy.scarceMs
        t.ok(before === undefined || before.word === 'cooling', 'never one that is used')
        t.notOk(foreign.has(reservation.address), 'never one that is not ours')
        t.notOk(early && !vacated.has(reservation.address), 'never one that is too warm')
        t.ok(!kept.has(reservation.address) || isForKeeper, 'never one that is kept for another')
        state.set(reservation.address, { word: 'reserved', since: before?.since ?? -1 })
      }
      const vacated = new Set<Address>()
      const kept = new Set<Address>()
      let isForKeeper = false
      const foreign = new Set<Address>()
      for (const { type, n } of commands) {
        const address = ip(`10.9.0.${n}`)
        const word = state.get(address)?.word
        if (type === 'reserve') reserved(made.reserve('small', `h${n}`, now))
        if (type === 'exact') {
          isForKeeper = n % 2 === 0
          const keeper = isForKeeper ? 'web-0' : 'web-1'
          reserved(made.reserveExact(address, ['small', 'more'], 'h', now, keeper))
          isForKeeper = false
        }
        if (type === 'keep' || type === 'unkeep') {
          made.keep(address, type === 'keep' ? 'web-0' : undefined)
          if (type === 'keep') kept.add(address)
          else kept.delete(address)
        }
        for (const name of ['small', 'more']) {
          const grantable = made.grantable(name, now, true)
          for (const one of kept) t.notOk(grantable.has(one), 'nor given away unasked')
        }
        if (type === 'confirm' && word === 'reserved') {
          made.confirm(address)
          state.set(address, { word: 'live', since: now })
          vacated.delete(address)
        }
        if (type === 'cancel' && word === 'reserved') {
          made.cancel(address)
          const since = state.get(address)?.since ?? -1
          if (since < 0) state.delete(address)
          else state.set(address, { word: 'cooling', since })
        }
        if (type === 'cool' && word === 'live') {
          made.cool(address, now, undefined, false)
          state.set(address, { word: 'cooling', since: now })
        }
        if (type === 'vacate' && word === 'cooling') {
          const since = state.get(address)?.since ?? 0
          made.vacate({ address, pool: 'small', since })
          if (since >= 0) vacated.add(address)
        }
        if (type === 'wait') {
          now += n * 2_000
          for (const ended of made.endCooldowns(now)) {
            t.ok(now - (state.get(ended)?.since ?? now) >= policy.normalMs)
            state.delete(ended)
            vacated.delete(ended)
          }
        }
        if (type === 'gain') {
          made.gain(range(address, 2n))
          foreign.delete(address)
          foreign.delete((address + 1n) as Address)
        }
        if (type === 'lose') {
          made.lose(range(address, 1n))
          foreign.add(address)
          t.equal(made.coolingIn(range(address, 1n)).length, word === 'cooling' ? 1 : 0)
        }
        for (const one of foreign) t.notOk(made.mine.has(one))
        const after = state.get(address)?.word
        t.equal(made.holderOf(address) !== undefined, after === 'reserved' || after === 'live')
        if (type === 'pools') made.setPools(layouts[n % layouts.length] ?? [])
        made.checkInvariants()
      }
    }),
    { numRuns: 300 }
  )
})
