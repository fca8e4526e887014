// What every Registry promises. The one under test is new, empty, and asked by the peer `peer-1`.

import type { Test } from 'tap'
import { advance, type ClusterView, emptyView } from '../../src/core/registry/cluster-view.ts'
import { recordBytesMax } from '../../src/core/registry/record-text.ts'
import type { LogSlice, Registry } from '../../src/ports/registry.ts'
import { bytesOf, genesis, join, name, remove } from '../core/registry/records.ts'

export interface RegistryUnderTest {
  /** A registry whose log has the first record already. */
  readonly founded: () => Promise<Registry>
  /** A registry without any record. */
  readonly empty: () => Registry
  /** The same log, kept or asked by a process that has just started. */
  readonly reopen: (registry: Registry) => Registry
}

export const firstRecord = bytesOf(genesis)

/** A record of peer-1, a member since record 2, that any registry takes: `n` makes it different. */
function foreign(n: number, bytes = 0): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ type: 'Motto', n, text: 'x'.repeat(bytes) }))
}

async function readAll(registry: Registry): Promise<{ slices: LogSlice[]; view: ClusterView }> {
  const slices: LogSlice[] = []
  let view = emptyView
  do {
    const slice = await registry.read(view.index + 1)
    slices.push(slice)
    for (const record of slice.records) {
      const next = advance(view, record)
      if ('refused' in next) throw new Error(next.refused)
      view = next
    }
    if (slice.records.length === 0) break
  } while (view.index < (slices.at(-1)?.head ?? 0))
  return { slices, view }
}

export function registryContract(t: Test, { founded, empty, reopen }: RegistryUnderTest): void {
  t.test('an empty log has head 0 and a hash of zeros', async t => {
    t.same(await empty().read(1), { head: 0, hash: '0'.repeat(64), records: [] })
  })

  t.test('what was appended is read by everybody from then on, byte by byte', async t => {
    const registry = await founded()
    const odd = new TextEncoder().encode('{ "type":"Join" ,"later":1,'.concat(joinText().slice(1)))
    t.same(await registry.append(2, odd), { type: 'Appended' })
    const after = reopen(registry)
    const slice = await after.read(1)
    t.same(slice.records.map(textOf), [firstRecord, odd].map(textOf))
    t.equal(slice.head, 2)
    t.equal((await readAll(after)).view.hash, slice.hash, 'the hash is that of the records')
    t.same((await after.read(2)).records.map(textOf), [textOf(odd)])
    t.same(await after.read(3), { ...slice, records: [] })
  })

  t.test('bytes that change later change nothing in the log', async t => {
    const registry = await founded()
    const record = bytesOf(join(1))
    await registry.append(2, record)
    const before = textOf(record)
    record.fill(0)
    ;(await registry.read(2)).records[0]?.fill(0)
    t.equal(textOf((await registry.read(2)).records[0] ?? record), before)
  })

  t.test('an index is given once, and only the next one', async t => {
    const registry = await founded()
    for (const index of [1, 3, 2 ** 40]) {
      t.same(await registry.append(index, bytesOf(join(1))), { type: 'Conflict' }, `${index}`)
    }
    t.same(await registry.append(2, bytesOf(join(1))), { type: 'Appended' })
    t.same(await registry.append(2, foreign(1)), { type: 'Conflict' }, 'taken')
    t.same(await registry.append(2, bytesOf(join(1))), { type: 'Conflict' }, 'by itself as well')
    t.equal((await registry.read(1)).head, 2)
  })

  t.test(
    'what breaks the rules is refused with a reason, and leaves the log as it was',
    async t => {
      const registry = await founded()
      await registry.append(2, bytesOf(join(1)))
      const before = await registry.read(1)
      const rows: [Uint8Array, RegExp][] = [
        [bytesOf(join(1)), /has joined already/],
        [bytesOf(remove(1, 1)), /cannot inherit from itself/],
        [new Uint8Array([0x7b]), /no record/],
        [new Uint8Array(), /no record/],
        [foreign(1, recordBytesMax), /no record: .* the limit is 65536/],
        [foreign(1, 3 * recordBytesMax), /no record: .* the limit is 65536/]
      ]
      for (const [record, why] of rows) {
        t.match(
          await registry.append(3, record),
          { type: 'Refused', why },
          textOf(record).slice(0, 80)
        )
      }
      t.same(await registry.read(1), before)
    }
  )

  t.test('of appends at once exactly one wins', async t => {
    const registry = await founded()
    await registry.append(2, bytesOf(join(1)))
    const records = Array.from({ length: 20 }, (_, n) => foreign(n))
    const outcomes = await Promise.all(records.map(record => registry.append(3, record)))
    const winners = records.filter((_, i) => outcomes[i]?.type === 'Appended')
    t.equal(winners.length, 1)
    t.equal(outcomes.filter(({ type }) => type === 'Conflict').length, 19)
    const { head, records: last } = await registry.read(3)
    t.same([head, last.map(textOf)], [3, winners.map(textOf)])
  })

  t.test('a long log comes in slices', async t => {
    const registry = await founded()
    await registry.append(2, bytesOf(join(1)))
    for (let i = 3; i <= 1_100; i += 1) await registry.append(i, foreign(i))
    const { slices, view } = await readAll(reopen(registry))
    t.same(
      slices.map(({ records }) => records.length),
      [500, 500, 100]
    )
    t.same([view.index, view.byIncarnation.has(name(1))], [1_100, true])
    t.equal(view.hash, slices.at(-1)?.hash)
  })

  t.test('large records make slices short, but never empty', async t => {
    const registry = await founded()
    await registry.append(2, bytesOf(join(1)))
    for (let i = 3; i <= 12; i += 1) {
      const { type } = await registry.append(i, foreign(i, recordBytesMax - 100))
      t.equal(type, 'Appended')
    }
    const { slices, view } = await readAll(registry)
    t.equal(view.index, 12)
    const sizes = slices.map(({ records }) => records.reduce((sum, one) => sum + one.length, 0))
    t.ok(sizes.length > 2 && sizes.every(size => size <= 256 * 1024), sizes.join(' '))
  })
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}

function joinText(): string {
  return textOf(bytesOf(join(1)))
}
