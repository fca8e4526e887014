import { isIPv6 } from 'node:net'
import t from 'tap'
import {
  type Address,
  addressFromBytes,
  addressToBytes,
  bitsOf,
  familyOf,
  formatAddress,
  isAddress,
  parseAddress,
  toAddress
} from '../../src/core/address.ts'
import * as fc from '../support/property.ts'

const anyIpv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })
/** Groups that are often zero, so that runs of zeros of every length and place occur. */
const sparse = fc
  .array(fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 0xffffn })), {
    minLength: 8,
    maxLength: 8
  })
  .map(groups => groups.reduce((value, group) => (value << 16n) | group, 0n))

t.test('text is read and written in its canonical form', async t => {
  const rows: [string, string, string][] = [
    ['0.0.0.0', '0.0.0.0', 'the first IPv4 address'],
    ['255.255.255.255', '255.255.255.255', 'the last IPv4 address, beyond the sign of an int32'],
    ['128.0.0.1', '128.0.0.1', 'the sign bit'],
    ['::', '::', 'all zeros'],
    ['::1', '::1', 'zeros in front'],
    ['1::', '1::', 'zeros at the end'],
    ['FD00:0:0:0:0:0:0:1', 'fd00::1', 'lower case and compressed (RFC 5952 sections 4.2 and 4.3)'],
    ['2001:0db8::0001', '2001:db8::1', 'no leading zeros (section 4.1)'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', 'one group is not compressed (4.2.2)'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1', 'the longest run is compressed (4.2.3)'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', 'of equal runs, the first (4.2.3)'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0', '"::" for one group at the end'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8', '"::" for one group in front'],
    ['::ffff:10.0.0.1', '10.0.0.1', 'IPv4-mapped is IPv4 (RFC 4291 section 2.5.5.2)'],
    ['::ffff:a00:1', '10.0.0.1', 'IPv4-mapped in hexadecimal'],
    ['::10.0.0.1', '::a00:1', 'IPv4-compatible is deprecated and stays IPv6'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221', 'a dotted tail (RFC 6052)'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304', 'a dotted tail without "::"'],
    ['::fffe:ffff:ffff', '::fffe:ffff:ffff', 'just below the IPv4 part of the line'],
    ['::1:0:0:0', '::1:0:0:0', 'just above it'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'last']
  ]
  for (const [text, canonical, why] of rows) {
    const address = parseAddress(text)
    t.ok(address !== undefined && formatAddress(address) === canonical, `${text}: ${why}`)
    t.equal(parseAddress(canonical), address, `${canonical} reads as the same address`)
  }
})

t.test('what is no address is undefined', async t => {
  const rows: [string, string][] = [
    ['', 'empty'],
    [' 10.0.0.1', 'space'],
    ['10.0.0', 'three octets'],
    ['10.0.0.256', 'an octet over 255'],
    ['10.0.0.01', 'a leading zero, octal to some'],
    ['0x0a.0.0.1', 'hexadecimal'],
    ['167772161', 'a number'],
    ['10.0.0.1/24', 'a subnet'],
    ['fe80::1%eth0', 'a zone is not part of an address'],
    ['1::2::3', 'two gaps'],
    ['1:2:3:4:5:6:7', 'seven groups'],
    ['1:2:3:4:5:6:7:8:9', 'nine groups'],
    ['1:2:3:4:5:6:7:8::', 'a gap of no group'],
    ['12345::', 'five digits'],
    ['[::1]', 'brackets of a URL']
  ]
  for (const [text, why] of rows) t.equal(parseAddress(text), undefined, `"${text}": ${why}`)
})

t.test('reading never throws, whatever the text', async () => {
  const piece = fc.constantFrom('0', '1', 'ffff', ':', '::', '.', '255', '%', '-', '/', 'g')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), pieces => {
      const text = pieces.join('')
      const address = parseAddress(text)
      return address === undefined || parseAddress(formatAddress(address)) === address
    }),
    { numRuns: 5_000 }
  )
})

t.test('IPv6 text agrees with the one of WHATWG URL', async () => {
  fc.assert(
    fc.property(fc.oneof(anyIpv6, sparse), value => {
      const address = toAddress(value)
      const text = formatAddress(address)
      if (familyOf(address) === 4) return parseAddress(text) === address
      return isIPv6(text) && new URL(`http://[${text}]/`).hostname === `[${text}]`
    }),
    { numRuns: 5_000 }
  )
})

t.test('every address survives text and bytes', async () => {
  const inIpv4 = fc.bigInt({ min: 0xffff00000000n, max: 0xffffffffffffn })
  fc.assert(
    fc.property(fc.oneof(anyIpv6, sparse, inIpv4), value => {
      const address = toAddress(value)
      const bytes = addressToBytes(address)
      return (
        parseAddress(formatAddress(address)) === address &&
        bytes.length * 8 === bitsOf(familyOf(address)) &&
        addressFromBytes(bytes) === address
      )
    })
  )
})

t.test('bytes of another length are no address', async t => {
  for (const length of [0, 3, 5, 8, 15, 17]) {
    t.equal(addressFromBytes(new Uint8Array(length)), undefined, `${length} bytes`)
  }
  t.equal(
    addressFromBytes(Buffer.from('00000000000000000000ffff0a000001', 'hex')),
    parseAddress('10.0.0.1')
  )
})

t.test('families part exactly at the ends of ::ffff:0:0/96', async t => {
  t.equal(familyOf(0xfffeffffffffn as Address), 6)
  t.equal(familyOf(0xffff00000000n as Address), 4)
  t.equal(familyOf(0xffffffffffffn as Address), 4)
  t.equal(familyOf(0x1000000000000n as Address), 6)
})

t.test('a number off the line is a mistake of ours', async t => {
  t.notOk(isAddress(-1n))
  t.notOk(isAddress(1n << 128n))
  t.throws(() => toAddress(1n << 128n), { code: 'ERR_ASSERTION' })
})
