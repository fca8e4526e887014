import t from 'tap'
import type { Address } from '../../src/core/address.ts'
import {
  formatRange,
  parseRange,
  rangeContains,
  rangeOf,
  rangesOverlap
} from '../../src/core/address-range.ts'

function range(text: string) {
  const parsed = parseRange(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

t.test('a range is written as it was read', async t => {
  const rows: [string, string, bigint, string][] = [
    ['10.0.0.5', '10.0.0.5', 1n, 'one address'],
    ['10.0.0.5-10.0.0.9', '10.0.0.5-10.0.0.9', 5n, 'both ends included'],
    ['10.0.0.5-10.0.0.5', '10.0.0.5', 1n, 'a range of one'],
    [' 10.0.0.5 - 10.0.0.9 ', '10.0.0.5-10.0.0.9', 5n, 'space around the ends'],
    ['FD00::-fd00::ffff', 'fd00::-fd00::ffff', 65_536n, 'IPv6'],
    ['0.0.0.0-255.255.255.255', '0.0.0.0-255.255.255.255', 1n << 32n, 'all of IPv4'],
    [
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      1n,
      'last'
    ]
  ]
  for (const [text, canonical, size, why] of rows) {
    const parsed = range(text)
    t.equal(formatRange(parsed), canonical, `${text}: ${why}`)
    t.equal(parsed.end - parsed.start, size, `${text}: size`)
  }
})

t.test('what is no range says why', async t => {
  const rows: [string, RegExp, string][] = [
    ['', /no IP address/, 'empty'],
    ['10.0.0.1-', /no IP address/, 'no end'],
    ['-10.0.0.1', /no IP address/, 'no start'],
    ['10.0.0.1-10.0.0.2-10.0.0.3', /no IP address/, 'three ends'],
    ['10.0.0.0/24', /no IP address/, 'a subnet'],
    ['10.0.0.1-9', /no IP address/, 'a short end'],
    ['10.0.0.9-10.0.0.1', /ends before it starts/, 'downward'],
    ['fd00::9-fd00::1', /ends before it starts/, 'downward in IPv6'],
    ['10.0.0.1-fd00::1', /mixes IPv4 and IPv6/, 'upward over two families'],
    ['fd00::1-10.0.0.1', /mixes IPv4 and IPv6/, 'downward over two families'],
    ['::1-fd00::1', /mixes IPv4 and IPv6/, 'IPv6 at both ends, all of IPv4 between them']
  ]
  for (const [text, problem, why] of rows) {
    t.match(parseRange(text), { problem }, `"${text}": ${why}`)
  }
})

t.test('making a range downward or over two families is a mistake of ours', async t => {
  const [low, high] = [1n, 1n << 127n] as [Address, Address]
  t.throws(() => rangeOf(2n as Address, low), { code: 'ERR_ASSERTION' })
  t.throws(() => rangeOf(low, high), { code: 'ERR_ASSERTION' }, 'all of IPv4 lies between')
})

t.test('ranges that touch do not overlap', async t => {
  const middle = range('10.0.0.5-10.0.0.9')
  t.notOk(rangesOverlap(middle, range('10.0.0.1-10.0.0.4')))
  t.notOk(rangesOverlap(middle, range('10.0.0.10')))
  t.ok(rangesOverlap(middle, range('10.0.0.9-10.0.0.12')))
  t.ok(rangesOverlap(range('10.0.0.0-10.0.0.255'), middle))
  const inside = ['10.0.0.4', '10.0.0.5', '10.0.0.9', '10.0.0.10'].map(text =>
    rangeContains(middle, range(text).start)
  )
  t.same(inside, [false, true, true, false])
})
