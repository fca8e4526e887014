// Whatever people and nodes propose, in whatever order: what the registry takes keeps these promises.

import t from 'tap'
import { formatAddress, ipv4Base, toAddress } from '../../../src/core/address.ts'
import { type AddressRange, rangesOverlap } from '../../../src/core/address-range.ts'
import { AddressSet } from '../../../src/core/address-set.ts'
import {
  advance,
  type ClusterView,
  emptyView,
  living,
  resolve
} from '../../../src/core/registry/cluster-view.ts'
import type { Proposal } from '../../../src/core/registry/record.ts'
import * as fc from '../../support/property.ts'
import { addRange, bytesOf, changeRange, decide, genesis, join, remove } from './records.ts'

const tiny = '10.9.0.0/27'
const node = fc.nat(5)
const offset = fc.nat(33)
const span = fc.tuple(offset, fc.nat(12))

function at(offset: number): string {
  return formatAddress(toAddress(ipv4Base + 0x0a090000n + BigInt(offset)))
}

const anyRecord: fc.Arbitrary<Proposal> = fc.oneof(
  fc.constant(genesis),
  fc.uniqueArray(node, { minLength: 1, maxLength: 3 }).map(nodes => join(...nodes)),
  fc.tuple(node, node).map(([n, heir]) => remove(n, heir)),
  fc
    .tuple(span, fc.uniqueArray(node, { minLength: 1, maxLength: 4 }))
    .map(([[from, more], holders]) => addRange(at(from), at(from + more), holders, tiny)),
  fc
    .tuple(fc.constantFrom('RangeDrain' as const, 'RangeKeep' as const), span)
    .map(([type, [from, more]]) => changeRange(type, at(from), at(from + more), tiny)),
  fc.tuple(offset, node).map(([address, owner]) => decide(at(address), owner, tiny))
)

/** A start from which most proposals make sense, and then anything. */
const history = fc
  .array(anyRecord, { minLength: 10, maxLength: 40, size: 'max' })
  .map(records => [join(0, 1, 2), addRange(at(8), at(20), [0, 1, 2], tiny), ...records])

interface Taken {
  readonly view: ClusterView
  readonly record: Proposal
}

/** The records that the registry took, and the view after each. */
function taken(records: readonly Proposal[]): Taken[] {
  let view = emptyView
  return [genesis, ...records].flatMap(record => {
    const next = advance(view, bytesOf(record))
    if ('refused' in next) return []
    view = next
    return [{ view, record }]
  })
}

function holds(promise: (steps: readonly Taken[]) => boolean): void {
  fc.assert(
    fc.property(history, records => promise(taken(records))),
    { numRuns: 500 }
  )
}

function hasOverlap(ranges: readonly AddressRange[]): boolean {
  return ranges.some((a, i) => ranges.slice(i + 1).some(b => rangesOverlap(a, b)))
}

t.test('histories get far enough to say something', async t => {
  const counts = new Map<string, number>()
  for (const records of fc.sample(history, 500)) {
    for (const { record } of taken(records)) {
      counts.set(record.type, (counts.get(record.type) ?? 0) + 1)
    }
  }
  for (const type of ['Join', 'RangeAdd', 'Remove', 'RangeDrain', 'RangeKeep', 'Resolve']) {
    t.ok((counts.get(type) ?? 0) > 50, `${type}: ${counts.get(type)}`)
  }
})

t.test('no address comes under custody twice, and all of a range does', async () => {
  holds(steps => {
    const { view } = steps.at(-1) as Taken
    const added = steps.flatMap(({ view, record }) =>
      record.type === 'RangeAdd' ? view.index : []
    )
    const decided = view.domains.get(tiny)?.decided ?? []
    const genesisRuns = decided.filter(run => added.includes(run.register.fence))
    const sizes = steps.map(({ record }) =>
      record.type === 'RangeAdd' ? lengthOf(record.first, record.last) : 0
    )
    const total = sizes.reduce((sum, size) => sum + size, 0)
    return !hasOverlap(genesisRuns) && AddressSet.of(genesisRuns).size === BigInt(total)
  })
})

function lengthOf(first: string, last: string): number {
  const ends = [first, last].map(text => Number(text.split('.').at(-1)))
  return (ends[1] ?? 0) - (ends[0] ?? 0) + 1
}

t.test('a line of heirs ends in a living member', async () => {
  holds(steps =>
    steps.every(({ view }) =>
      [...view.members.keys()].every(member => {
        const heir = resolve(view, member)
        return heir !== undefined && living(view).includes(heir)
      })
    )
  )
})

t.test('the first removal stays, and all maps tell the same', async () => {
  holds(steps =>
    steps.every(({ view }, i) => {
      const before = steps[i - 1]?.view ?? emptyView
      return [...view.members.values()].every(member => {
        const old = before.members.get(member.index)
        return (
          (old?.removed === undefined || old === member) &&
          view.byIncarnation.get(member.incarnation) === member &&
          view.byPeer.get(member.peer) === member
        )
      })
    })
  )
})

t.test('what drains is under custody, and is what Drain and Keep say of each address', async () => {
  holds(steps => {
    const model = new Set<number>()
    for (const { record } of steps) {
      if (record.type !== 'RangeDrain' && record.type !== 'RangeKeep') continue
      const first = Number(record.first.split('.').at(-1))
      for (let i = 0; i < lengthOf(record.first, record.last); i += 1) {
        if (record.type === 'RangeDrain') model.add(first + i)
        else model.delete(first + i)
      }
    }
    const domain = (steps.at(-1) as Taken).view.domains.get(tiny)
    const draining = AddressSet.of(domain?.draining ?? [])
    const start = ipv4Base + 0x0a090000n
    return (
      draining.subtract(AddressSet.of(domain?.decided ?? [])).isEmpty &&
      Array.from({ length: 48 }, (_, i) => i).every(
        i => draining.has(toAddress(start + BigInt(i))) === model.has(i)
      )
    )
  })
})
