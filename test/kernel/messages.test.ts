// Messages of the kernel as bytes: recorded ones are read for what they are, what is written is read back as the
// same, and no bytes whatever make the reader read beside them.

import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Family, toAddress } from '../../src/core/address.ts'
import { cidrOf } from '../../src/core/cidr.ts'
import { macFromBytes } from '../../src/core/link/mac.ts'
import { describeRoute, describeRule } from '../../src/kernel/description.ts'
import {
  addressMessages,
  readAddress,
  writeAddress
} from '../../src/kernel/netlink/address-messages.ts'
import { refusalIn } from '../../src/kernel/netlink/kernel-refusal.ts'
import { readLink } from '../../src/kernel/netlink/link-messages.ts'
import {
  MalformedMessageError,
  type Message,
  messagesIn
} from '../../src/kernel/netlink/message-reader.ts'
import { MessageWriter } from '../../src/kernel/netlink/message-writer.ts'
import {
  neighbourMessages,
  readNeighbour,
  writeNeighbour
} from '../../src/kernel/netlink/neighbour-messages.ts'
import type { Write } from '../../src/kernel/netlink/netlink-socket.ts'
import { readRoute, routeMessages } from '../../src/kernel/netlink/route-messages.ts'
import { metricNames } from '../../src/kernel/netlink/route-metrics.ts'
import { writeRoute } from '../../src/kernel/netlink/route-orders.ts'
import { readRule, ruleMessages, writeRule } from '../../src/kernel/netlink/rule-messages.ts'
import type { NextHop, Route, Rule } from '../../src/kernel/view.ts'
import { ip } from '../contracts/kernel.contract.ts'
import * as fc from '../support/property.ts'

const names = ['lo', 'eth0', 'veth0']
const nameOf = (index: number) => names[index - 1]
const indexOf = (name: string) => names.indexOf(name) + 1

const readers: Readonly<Record<string, (message: Message) => unknown>> = {
  link: readLink,
  address: message => readAddress(message, nameOf),
  route: message => readRoute(message, nameOf),
  rule: readRule,
  neighbour: message => readNeighbour(message, nameOf)
}

const recorded = readFileSync(join(import.meta.dirname, 'recorded-messages.txt'), 'utf8')
  .trim()
  .split('\n')
  .map(line => {
    const [kind = '', hex = ''] = line.split(' ')
    return { kind, bytes: Buffer.from(hex, 'hex') }
  })

function read(kind: string, bytes: Buffer): unknown[] {
  return messagesIn(bytes, bytes.length).flatMap(message => readers[kind]?.(message) ?? [])
}

function recordedOf<Value>(kind: string): Value[] {
  return recorded
    .filter(one => one.kind === kind)
    .flatMap(({ bytes }) => read(kind, bytes) as Value[])
}

/** One message of a type, as the kernel would have sent it. */
function written(type: number, write: Write): Buffer {
  const writer = new MessageWriter()
  writer.begin(type, 0, 1)
  write(writer)
  writer.end()
  return Buffer.from(writer.written)
}

t.test('recorded links', async t => {
  t.match(recordedOf('link'), [
    { index: 1, name: 'lo', isLoopback: true, isUp: true, mtu: 65536 },
    {
      ...{ index: 2, name: 'eth0', kind: 'macvlan', mac: '02:00:00:00:00:05', mtu: 1500 },
      ...{ isUp: true, isRunning: true, isBroadcast: true, isMulticast: true, isNoArp: false },
      parent: { index: 3, isElsewhere: true }
    },
    { index: 3, name: 'veth0', kind: 'veth', parent: { index: 4, isElsewhere: true } }
  ])
})

t.test('recorded addresses', async t => {
  t.match(recordedOf('address').slice(1, 5), [
    {
      ...{ link: 'eth0', address: ip('10.6.0.7'), prefix: 16, broadcast: ip('10.6.255.255') },
      ...{ label: 'eth0:x', scope: 0, isPermanent: true, isTentative: false }
    },
    { address: ip('10.7.0.1'), prefix: 32, peer: ip('10.7.0.2'), isNoPrefixRoute: true },
    { link: 'lo', address: ip('::1'), prefix: 128, scope: 254 },
    { link: 'eth0', address: ip('fd06::7'), prefix: 64, isNoDad: true, isTentative: false }
  ])
  t.match(recordedOf('address')[5], { scope: 253, isTentative: true, isDadFailed: false })
})

t.test('recorded routes', async t => {
  const routes = recordedOf<Route>('route').filter(({ table }) => table !== 255)
  t.same(routes.map(describeRoute), [
    '10.11.0.0/16 dev veth0 table 101 src 10.6.0.7',
    '10.8.0.0/16 via fe80::1 dev veth0 table 500 metric 7',
    'default via 10.6.0.1 dev eth0 onlink table 254',
    '10.6.0.0/16 dev eth0 table 254 src 10.6.0.7',
    '10.9.0.0/16 via 10.6.0.2 dev eth0 dev veth0 table 254',
    'blackhole 10.10.0.0/16 table 254',
    '0.0.0.0/96 dev veth0 table 254 metric 55',
    'fd06::/64 dev eth0 table 254 metric 256',
    'fd08::/16 dev veth0 table 254 metric 1024',
    'fe80::/64 dev eth0 table 254 metric 256',
    'fe80::/64 dev veth0 table 254 metric 256',
    'default via fd06::1 dev eth0 table 254 metric 1024'
  ])
  t.match(routes[0], { tos: 0x10, isPartial: true }, 'the control of congestion is not told')
  t.match(routes[1], { metrics: { lock: 4, mtu: 1300, advmss: 1260 }, protocol: 99 })
  t.same(
    routes[4]?.hops.map(({ weight }) => weight),
    [2, 1]
  )
  t.match(routes[6]?.destination, { family: 6, prefix: 96 }, 'IPv4 within IPv6 is IPv6')
  t.same(
    routes.filter(({ isPartial }) => isPartial).map(({ destination }) => destination.prefix),
    [16, 16],
    'and the encapsulation is not'
  )
  t.same(routes.filter(({ isExpiring }) => isExpiring).length, 1)
})

t.test('recorded rules', async t => {
  const rules = recordedOf<Rule>('rule')
  t.same(rules.map(describeRule), [
    'pref 0 from all lookup 255',
    'pref 1000 from all fwmark 0x1 lookup 100',
    'pref 1001 from 10.6.0.0/16 to 10.8.0.0/16 lookup 500',
    'pref 1002 from all unreachable',
    'pref 32766 from all lookup 254',
    'pref 32767 from all lookup 253',
    'pref 0 from all lookup 255 (IPv6)',
    'pref 1003 from fd06::7/128 lookup 101 (IPv6)',
    'pref 32766 from all lookup 254 (IPv6)'
  ])
  t.same(rules[1]?.mark, { value: 1, mask: 0xff })
  t.same(
    rules.filter(({ isPartial }) => isPartial).map(({ priority }) => priority),
    [1002]
  )
})

t.test('recorded neighbours', async t => {
  // Groups and the loopback are left out.
  t.same(recordedOf('neighbour'), [
    { link: 'eth0', address: ip('10.6.0.1'), mac: '02:00:00:00:00:01', state: 'permanent' },
    { link: 'eth0', address: ip('fd06::1'), mac: '02:00:00:00:00:01', state: 'stale' }
  ])
})

t.test('a refusal has the sentence of the kernel', async t => {
  const sentence = 'Nexthop has invalid gateway'
  const writer = new MessageWriter()
  // NLMSG_ERROR with its flags for what follows: the number, the header of what was sent, then attributes.
  writer.begin(2, 0x300, 7)
  writer.setU32(writer.room(4 + 16), -constants.errno.EINVAL >>> 0)
  writer.text(1, sentence)
  writer.end()
  const bytes = writer.written
  const refusals = messagesIn(bytes, bytes.length).map(refusalIn)
  t.match(refusals, [{ code: 'EINVAL', message: `${sentence} (EINVAL)` }])
})

const family = fc.constantFrom<Family>(4, 6)
const addressOf = (of: Family) =>
  of === 4
    ? fc.nat().map(value => toAddress(0xffff00000000n + BigInt(value)))
    : fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(toAddress)
const cidrIn = (of: Family) =>
  fc
    .tuple(addressOf(of), fc.integer({ min: 1, max: of === 4 ? 32 : 128 }))
    .map(([address, prefix]) => cidrOf(address, prefix, of))
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(macFromBytes)
const u32 = fc.integer({ min: 1, max: 0xffff_ffff })
const u8 = fc.integer({ min: 0, max: 255 })

const hop = (of: Family): fc.Arbitrary<NextHop> =>
  fc.record(
    {
      link: fc.constantFrom('eth0', 'veth0'),
      gateway: of === 4 ? fc.oneof(addressOf(4), addressOf(6)) : addressOf(6),
      isOnLink: fc.boolean(),
      weight: fc.constant(1)
    },
    { requiredKeys: ['link', 'isOnLink', 'weight'] }
  )

const route = family.chain(of =>
  fc
    .record<Route, keyof Route>(
      {
        table: u32,
        destination: cidrIn(of),
        metric: fc.nat(),
        type: fc.constantFrom('unicast', 'local', 'blackhole', 'throw'),
        ...{ protocol: u8, scope: u8, tos: u8, source: addressOf(of) },
        hops: fc.oneof(
          fc.array(hop(of), { maxLength: 1 }),
          fc.array(
            fc
              .tuple(hop(of), fc.integer({ min: 1, max: 256 }))
              .map(([one, weight]) => ({ ...one, weight })),
            { minLength: 2, maxLength: 5 }
          )
        ),
        metrics: fc.dictionary(fc.constantFrom(...metricNames.flatMap(name => name ?? [])), u32, {
          noNullPrototype: true
        }),
        isExpiring: fc.constant(false),
        isPartial: fc.constant(false),
        preference: of === 6 ? fc.constantFrom(0, 1, 3) : fc.constant(0)
      },
      {
        requiredKeys: [
          ...(['table', 'destination', 'metric', 'type', 'protocol', 'scope', 'tos'] as const),
          ...(['hops', 'metrics', 'isExpiring', 'isPartial'] as const)
        ]
      }
    )
    .map(one => {
      const { preference, ...rest } = one
      return of === 6 && preference !== undefined ? { ...rest, preference } : rest
    })
)

const rule = family.chain(of =>
  fc.record<Rule, keyof Rule>(
    {
      family: fc.constant(of),
      priority: u32,
      action: fc.constantFrom('lookup', 'unreachable'),
      table: u32,
      protocol: u8,
      from: cidrIn(of),
      to: cidrIn(of),
      mark: fc.record({ value: u32, mask: u32 }),
      isPartial: fc.constant(false)
    },
    { requiredKeys: ['family', 'priority', 'action', 'table', 'protocol', 'isPartial'] }
  )
)

t.test('what is written is read as the same', async t => {
  const back = (kind: string, type: number, write: Write) => read(kind, written(type, write))
  fc.assert(
    fc.property(route, one => {
      t.same(back('route', routeMessages.put, writeRoute(one, indexOf)), [one])
    })
  )
  fc.assert(
    fc.property(rule, one => {
      const told = one.action === 'lookup' ? one : { ...one, table: 0 }
      t.same(back('rule', ruleMessages.put, writeRule(one)), [told])
    })
  )
  fc.assert(
    fc.property(family.chain(addressOf), mac, (address, itsMac) => {
      const neighbour = { link: 'eth0', address, mac: itsMac }
      const told = back('neighbour', neighbourMessages.put, writeNeighbour(neighbour, 2))
      t.same(told, [{ ...neighbour, state: 'permanent' }])
      const wanted = { link: 'eth0', address, prefix: 24, scope: 253, isNoDad: true }
      t.match(back('address', addressMessages.put, writeAddress(wanted, 2)), [wanted])
    })
  )
})

/** A value or `MalformedMessageError`; anything else would be a reader that takes bytes on trust. */
function readsSafely(kind: string, bytes: Buffer): boolean {
  try {
    read(kind, bytes)
    return true
  } catch (error) {
    return error instanceof MalformedMessageError
  }
}

t.test('cut off anywhere', async t => {
  const wrong = recorded.filter(({ kind, bytes }) => {
    for (let length = 0; length < bytes.length; length += 1) {
      const cut = Buffer.from(bytes.subarray(0, length))
      if (!readsSafely(kind, cut)) return true
      // The header agrees with what is left, so that attributes are cut off.
      if (length >= 16) cut.writeUInt32LE(length, 0)
      if (!readsSafely(kind, cut)) return true
    }
    return false
  })
  t.same(wrong, [])
})

t.test('changed anywhere', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...recorded),
      fc.array(fc.tuple(fc.nat(), u8), { minLength: 1, maxLength: 8 }),
      ({ kind, bytes }, changes) => {
        const changed = Buffer.from(bytes)
        for (const [at, value] of changes) changed[16 + (at % (bytes.length - 16))] = value
        return readsSafely(kind, changed)
      }
    ),
    { numRuns: 3_000 }
  )
})
