// Anything as plain data: addresses as people write them, nothing secret, nothing without an end.

import t from 'tap'
import { parseAddress } from '../../src/core/address.ts'
import { AddressSet } from '../../src/core/address-set.ts'
import { plainData } from '../../src/core/plain-data.ts'

const address = parseAddress('10.9.0.3')

t.test('what people read', async t => {
  const rows: [string, unknown, unknown][] = [
    ['an address', { address }, { address: '10.9.0.3' }],
    ['a count', { free: 12n, total: 2n ** 70n }, { free: '12', total: String(2n ** 70n) }],
    ['a range', { start: address, end: (address ?? 0n) + 2n }, '10.9.0.3-10.9.0.4'],
    [
      'a range that says more',
      { start: address, end: (address ?? 0n) + 1n, owner: 2 },
      { range: '10.9.0.3', owner: 2 }
    ],
    [
      'a set',
      AddressSet.of([{ start: address ?? (0n as never), end: 0xffff0a090004n }]),
      ['10.9.0.3']
    ],
    ['a map', new Map([[address, { n: 1 }]]), { '10.9.0.3': { n: 1 } }],
    ['a way back', { replyTo: () => {} }, { replyTo: '(reply)' }],
    ['an actor', { to: { name: 'subnet', tell() {}, insist() {} } }, { to: '(actor subnet)' }],
    ['bytes', new Uint8Array(7), '(7 bytes)'],
    ['an error', { error: new Error('no room') }, { error: 'no room' }],
    ['what is not there', { a: undefined, b: null }, { b: null }],
    ['no number', [Number.NaN, -Infinity, 1.5], ['NaN', '-Infinity', 1.5]]
  ]
  for (const [name, value, expected] of rows) t.same(plainData(value), expected, name)
})

t.test('secrets stay', async t => {
  const told = plainData({
    ...{ session: 'a1', nonce: new Uint8Array(8), apiToken: 'xyz', key: 'ab'.repeat(32) },
    blockKey: '5.2',
    deep: [{ password: 'hunter2' }]
  })
  t.same(told, {
    ...{ session: '(hidden)', nonce: '(hidden)', apiToken: '(hidden)', key: '(hidden)' },
    blockKey: '5.2',
    deep: [{ password: '(hidden)' }]
  })
})

t.test('it ends, whatever it is given', async t => {
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  const wide = Array.from({ length: 100_000 }, (_, i) => ({ i, list: Array(100).fill(i) }))
  const odd = JSON.parse('{"__proto__": {"polluted": true}}') as object
  for (const value of [loop, wide, new Map(wide.map(one => [one, one])), 'x'.repeat(1e6), odd]) {
    t.ok(JSON.stringify(plainData(value)).length < 64 * 1024)
  }
  t.notOk('polluted' in {})
  const list = plainData([1, 2, ...wide]) as unknown[]
  t.equal(list.at(-1), '... and 99971 more')
})
