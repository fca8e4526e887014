import t from 'tap'
import { type Address, ipv4Base } from '../../src/core/address.ts'
import { AddressSet } from '../../src/core/address-set.ts'
import { FreeSpace } from '../../src/core/free-space.ts'
import * as fc from '../support/property.ts'

const at = (i: number) => (ipv4Base + BigInt(i)) as Address

function spaceOf(members: Iterable<number>): FreeSpace {
  return new FreeSpace(AddressSet.of([...members].map(i => ({ start: at(i), end: at(i) + 1n }))))
}

/** The plainest thing that could be right. */
function nextOf(free: ReadonlySet<number>, from: number | undefined): number | undefined {
  const sorted = [...free].sort((a, b) => a - b)
  return sorted.find(i => from === undefined || i >= from) ?? sorted[0]
}

/** Everything that can be asked about `size` addresses; the first answer that is wrong. */
function difference(space: FreeSpace, free: ReadonlySet<number>, size: number): string | undefined {
  if (space.size !== BigInt(free.size)) return `size is ${space.size}, not ${free.size}`
  for (let i = 0; i < size; i += 1) {
    if (space.has(at(i)) !== free.has(i)) return `has(${i}) is wrong`
    const expected = nextOf(free, i)
    if (space.next(at(i)) !== (expected === undefined ? undefined : at(expected))) {
      return `next(${i}) is ${space.next(at(i))}, not ${expected}`
    }
  }
  const lowest = nextOf(free, undefined)
  if (space.next(undefined) === (lowest === undefined ? undefined : at(lowest))) return undefined
  return 'next(undefined) is wrong'
}

t.test('every single change of every subset of eight addresses', async t => {
  const wrong: string[] = []
  for (let bits = 0; bits < 256; bits += 1) {
    const members = [0, 1, 2, 3, 4, 5, 6, 7].filter(i => bits & (1 << i))
    for (let i = 0; i < 8; i += 1) {
      const space = spaceOf(members)
      const free = new Set(members)
      if (free.delete(i)) space.take(at(i))
      else {
        free.add(i)
        space.give(at(i))
      }
      const problem = difference(space, free, 9)
      if (problem !== undefined) wrong.push(`{${members.join()}} with ${i} turned: ${problem}`)
    }
  }
  t.same(wrong, [])
})

t.test('every sequence of six changes of four addresses', async t => {
  const wrong: string[] = []
  for (let sequence = 0; sequence < 4 ** 6; sequence += 1) {
    const space = spaceOf([0, 1, 2, 3])
    const free = new Set([0, 1, 2, 3])
    for (let step = 0; step < 6; step += 1) {
      const i = (sequence >> (2 * step)) & 3
      if (free.delete(i)) space.take(at(i))
      else {
        free.add(i)
        space.give(at(i))
      }
    }
    const problem = difference(space, free, 5)
    if (problem !== undefined) wrong.push(`${sequence.toString(4)}: ${problem}`)
  }
  t.same(wrong, [])
})

t.test('long sequences over six bits agree with a plain set', async () => {
  const member = fc.nat(63)
  fc.assert(
    fc.property(fc.array(member), fc.array(member, { maxLength: 200 }), (members, changes) => {
      const space = spaceOf(members)
      const free = new Set(members)
      for (const i of changes) {
        if (free.delete(i)) space.take(at(i))
        else {
          free.add(i)
          space.give(at(i))
        }
      }
      return difference(space, free, 64) === undefined
    }),
    { numRuns: 300 }
  )
})

t.test('every range that is added to or removed from every subset of six addresses', async t => {
  const wrong: string[] = []
  for (let bits = 0; bits < 64; bits += 1) {
    const members = [0, 1, 2, 3, 4, 5].filter(i => bits & (1 << i))
    for (let from = 0; from < 7; from += 1) {
      for (let to = from + 1; to <= 7; to += 1) {
        const range = { start: at(from), end: at(to) }
        const within = Array.from({ length: to - from }, (_, i) => from + i)
        const [more, less] = [spaceOf(members), spaceOf(members)]
        more.add(range)
        less.remove(range)
        const problems = [
          difference(more, new Set([...members, ...within]), 8),
          difference(less, new Set(members).difference(new Set(within)), 8)
        ]
        for (const problem of problems) {
          if (problem !== undefined) wrong.push(`{${members.join()}}, ${from} to ${to}: ${problem}`)
        }
        // Boundaries that meet must be gone, or ranges would come out in pieces.
        const whole = [...AddressSet.of(more.ranges()).ranges()]
        if (whole.length !== [...more.ranges()].length) wrong.push(`{${members.join()}} in pieces`)
      }
    }
  }
  t.same(wrong, [])
})

t.test('next-fit goes round and comes back to what was given', async t => {
  const space = spaceOf([0, 1, 2])
  let cursor: Address | undefined
  const taken: (Address | undefined)[] = []
  for (let i = 0; i < 3; i += 1) {
    cursor = space.next(cursor)
    taken.push(cursor)
    space.take(cursor as Address)
  }
  t.same(taken, [at(0), at(1), at(2)])
  t.equal(space.next(cursor), undefined, 'nothing is left')
  space.give(at(1))
  t.equal(space.next(cursor), at(1), 'round the end')
})

t.test('taking what is taken and giving what is free are mistakes of ours', async t => {
  const space = spaceOf([0])
  t.throws(() => space.give(at(0)), { code: 'ERR_ASSERTION' })
  space.take(at(0))
  t.throws(() => space.take(at(0)), { code: 'ERR_ASSERTION' })
  t.equal(space.size, 0n)
})

t.test('the last address of the line can be taken and given', async t => {
  const last = ((1n << 128n) - 1n) as Address
  const space = new FreeSpace(AddressSet.of([{ start: (last - 1n) as Address, end: last + 1n }]))
  space.take(last)
  t.equal(space.next(last), last - 1n, 'round the end')
  space.give(last)
  t.equal(space.next(last), last)
})
