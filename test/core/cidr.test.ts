import t from 'tap'
import { bitsOf, familyOf, parseAddress, toAddress } from '../../src/core/address.ts'
import { formatRange, rangeContains } from '../../src/core/address-range.ts'
import { cidrOf, cidrsOverlap, formatCidr, parseCidr, unassignable } from '../../src/core/cidr.ts'
import * as fc from '../support/property.ts'

function cidr(text: string) {
  const parsed = parseCidr(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

t.test('a subnet is read with its range', async t => {
  const rows: [string, string, string][] = [
    ['10.6.0.0/16', '10.6.0.0-10.6.255.255', 'an IPv4 subnet'],
    ['0.0.0.0/0', '0.0.0.0-255.255.255.255', 'all of IPv4'],
    ['10.0.0.1/32', '10.0.0.1', 'one address'],
    ['fd00:6::/64', 'fd00:6::-fd00:6::ffff:ffff:ffff:ffff', 'an IPv6 subnet'],
    ['fd00::1/128', 'fd00::1', 'one IPv6 address']
  ]
  for (const [text, range, why] of rows) {
    t.equal(formatRange(cidr(text).range), range, `${text}: ${why}`)
    t.equal(formatCidr(cidr(text)), text)
  }
  t.equal(cidr('::/0').range.end, 1n << 128n, 'all of IPv6')
})

t.test('what is no canonical subnet says why', async t => {
  const rows: [string, RegExp, string][] = [
    ['', /is no subnet/, 'empty'],
    ['10.0.0.0', /is no subnet/, 'no prefix'],
    ['/24', /is no subnet/, 'no address'],
    ['10.0.0.0/', /is no subnet/, 'an empty prefix'],
    ['10.0.0.0/024', /is no subnet/, 'a leading zero'],
    ['10.0.0.0/-1', /is no subnet/, 'a negative prefix'],
    ['10.0.0.0/24 ', /is no subnet/, 'space'],
    ['10.0.0.0/255.255.255.0', /is no subnet/, 'a mask'],
    ['10.0.0.0/24/24', /is no subnet/, 'two prefixes'],
    ['10.0.0.0/33', /longer than 32 bits/, 'an IPv4 prefix too long'],
    ['fd00::/129', /longer than 128 bits/, 'an IPv6 prefix too long'],
    ['10.6.1.1/16', /host bits set; the subnet is 10\.6\.0\.0\/16/, 'host bits'],
    ['fd00:6::1/64', /the subnet is fd00:6::\/64/, 'host bits in IPv6'],
    ['::ffff:10.0.0.0/24', /IPv4 written as IPv6/, '24 bits of which family?'],
    ['::ffff:10.0.0.0/120', /IPv4 written as IPv6/, 'IPv4-mapped']
  ]
  for (const [text, problem, why] of rows) {
    t.match(parseCidr(text), { problem }, `"${text}": ${why}`)
  }
})

t.test('the subnet around an address holds it and survives text', async () => {
  const ipv4 = fc.bigInt({ min: 0xffff00000000n, max: 0xffffffffffffn })
  const ipv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), fc.nat(128), (value, length) => {
      const address = toAddress(value)
      const bits = bitsOf(familyOf(address))
      const subnet = cidrOf(address, length % (bits + 1))
      const again = cidr(formatCidr(subnet))
      return (
        rangeContains(subnet.range, address) &&
        subnet.range.end - subnet.range.start === 1n << BigInt(bits - subnet.prefix) &&
        again.range.start === subnet.range.start &&
        again.range.end === subnet.range.end
      )
    })
  )
})

t.test('subnets overlap when one holds the other, and never across families', async t => {
  t.ok(cidrsOverlap(cidr('10.0.0.0/8'), cidr('10.6.0.0/16')))
  t.ok(cidrsOverlap(cidr('10.6.0.0/16'), cidr('10.6.0.0/16')))
  t.notOk(cidrsOverlap(cidr('10.6.0.0/16'), cidr('10.7.0.0/16')))
  t.notOk(cidrsOverlap(cidr('::/0'), cidr('10.7.0.0/16')), 'the number line is shared')
})

t.test('what no interface may bear', async t => {
  const rows: [string, string[], string][] = [
    ['10.0.0.0/24', ['10.0.0.0', '10.0.0.255'], 'network and broadcast'],
    ['10.0.0.4/30', ['10.0.0.4', '10.0.0.7'], 'the smallest with both'],
    ['10.0.0.4/31', [], 'a point-to-point link (RFC 3021)'],
    ['10.0.0.4/32', [], 'one host'],
    ['fd00::/64', ['fd00::'], 'the subnet-router anycast address'],
    ['fd00::4/126', ['fd00::4'], 'the smallest with it'],
    ['fd00::4/127', [], 'a point-to-point link (RFC 6164)'],
    ['fd00::4/128', [], 'one host']
  ]
  for (const [text, expected, why] of rows) {
    t.same(unassignable(cidr(text)).map(formatRange), expected, `${text}: ${why}`)
  }
  t.equal(parseAddress('10.0.0.0'), unassignable(cidr('10.0.0.0/24'))[0]?.start)
})
