// What an address of a subnet is, where several things can be said of it.

import t from 'tap'
import { type Address, parseAddress } from '../../../src/core/address.ts'
import { AddressSet } from '../../../src/core/address-set.ts'
import { tailWith } from '../../../src/core/lease/bind.ts'
import type { MemberIndex, Run } from '../../../src/core/lease/register.ts'
import { type Occupancy, type Offer, spaceOf } from '../../../src/core/map/occupancy.ts'

const base = parseAddress('10.9.0.0') as Address
const window = { start: base, end: base + 16n }
const keptTail = tailWith('', { holder: 'StatefulSet/default/web-0/eth0', generation: 1 })

function span(first: number, last = first) {
  return { start: (base + BigInt(first)) as Address, end: base + BigInt(last) + 1n }
}

function run(first: number, last: number, owner: MemberIndex, tail = ''): Run {
  return { ...span(first, last), register: { fence: 1, seq: 0, owner, writer: 1, wctr: 1, tail } }
}

const plain: Occupancy = {
  me: 1,
  runs: [run(0, 7, 1), run(8, 15, 2)],
  used: AddressSet.empty,
  cooling: AddressSet.empty,
  quarantined: AddressSet.empty,
  contested: AddressSet.empty
}
const all: Offer = { usable: AddressSet.of([span(0, 15)]), reserved: AddressSet.empty }
const one = (place: number) => AddressSet.of([span(place)])

/** `free/1 x8` and the like, in the order of addresses. */
function told(occupancy: Occupancy, offer: Offer = all): string {
  return spaceOf(window, occupancy, offer)
    .map(({ start, end, label: { state, owner } }) => `${state}/${owner ?? '-'} x${end - start}`)
    .join(', ')
}

t.test('what stands above what', async t => {
  for (const [what, occupancy, offer, expected] of [
    ['custody alone', plain, all, 'free/1 x8, held/2 x8'],
    ['a pod', { ...plain, used: one(3) }, all, 'free/1 x3, used/1 x1, free/1 x4, held/2 x8'],
    [
      'a pod that lives where custody is elsewhere is still here',
      { ...plain, used: one(9) },
      all,
      'free/1 x8, held/2 x1, used/1 x1, held/2 x6'
    ],
    ['a released one', { ...plain, cooling: one(0) }, all, 'cooling/1 x1, free/1 x7, held/2 x8'],
    [
      'a foreign host is in the book like a pod',
      { ...plain, used: one(7), quarantined: one(7) },
      all,
      'free/1 x7, quarantined/1 x1, held/2 x8'
    ],
    [
      'a contested one is nobody’s',
      { ...plain, used: one(7), contested: one(7) },
      all,
      'free/1 x7, contested/- x1, held/2 x8'
    ],
    [
      'kept ones, here and there',
      {
        ...plain,
        runs: [run(0, 6, 1), run(7, 7, 1, keptTail), run(8, 8, 2, keptTail), run(9, 15, 2)]
      },
      all,
      'free/1 x7, kept/1 x1, kept/2 x1, held/2 x7'
    ],
    [
      'one that is kept and in use is in use',
      { ...plain, runs: [run(0, 0, 1, keptTail), run(1, 15, 2)], used: one(0) },
      all,
      'used/1 x1, held/2 x15'
    ],
    [
      'given up',
      { ...plain, runs: [run(0, 3, 0), run(4, 15, 1)] },
      all,
      'retired/- x4, free/1 x12'
    ],
    [
      'what pools leave out, whoever has custody',
      plain,
      { usable: AddressSet.of([span(4, 11)]), reserved: one(0).union(one(15)) },
      'reserved/- x1, outside/- x3, free/1 x4, held/2 x4, outside/- x3, reserved/- x1'
    ],
    [
      'a pod on an address that pools leave out now',
      { ...plain, used: one(0) },
      { usable: AddressSet.of([span(4, 15)]), reserved: one(0) },
      'used/1 x1, outside/- x3, free/1 x4, held/2 x8'
    ],
    [
      'before anybody has divided the subnet',
      { ...plain, me: undefined, runs: [] },
      all,
      'unclaimed/- x16'
    ]
  ] as const) {
    t.equal(told(occupancy, offer), expected, what)
  }
})

t.test('equal labels are one object, also far from each other', async t => {
  const stretches = spaceOf(window, { ...plain, used: one(2).union(one(5)) }, all)
  const used = stretches.filter(({ label }) => label.state === 'used')
  t.equal(used.length, 2)
  t.equal(used[0]?.label, used[1]?.label)
})
