import t from 'tap'
import { arpAnnouncement, arpProbe, arpRequest, parseArp } from '../../../src/core/link/arp.ts'
import { ethernetBytes, parseEthernet } from '../../../src/core/link/ethernet.ts'
import { parseIcmpv6 } from '../../../src/core/link/icmpv6.ts'
import {
  groupMac,
  macFromBytes,
  macToBytes,
  parseMac,
  solicitedNodeGroup,
  zeroMac
} from '../../../src/core/link/mac.ts'
import {
  encodeNeighbour,
  neighbourAnnouncement,
  neighbourProbe,
  neighbourRequest,
  parseNeighbour
} from '../../../src/core/link/neighbour.ts'
import { sightingIn } from '../../../src/core/link/sighting.ts'
import * as fc from '../../support/property.ts'
import {
  advertisement,
  anyIpv4,
  anyMac,
  arpFrame,
  ip,
  mac,
  neighbourFrame,
  someIpv6,
  someMac
} from './link-samples.ts'

const [a, b] = [mac('02:00:00:00:00:0a'), mac('02:00:00:00:00:0b')]
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (...parts: readonly string[]) =>
  Buffer.from(parts.join('').replaceAll(' ', ''), 'hex')

/** Captured from a Linux kernel at work; each is followed by what it says. */
const captured = {
  arpRequest: unhex(
    'ffffffffffff 02000000000a 0806 0001 0800 06 04 0001',
    '02000000000a 0a000005 000000000000 0a000001'
  ),
  arpReply: unhex(
    '02000000000a 02000000000b 0806 0001 0800 06 04 0002',
    '02000000000b 0a000001 02000000000a 0a000005'
  ),
  /** With a nonce (RFC 7527), as a kernel does before it uses an address. */
  probe: unhex(
    '3333ff000005 02000000000a 86dd 60000000 0020 3a ff 00000000000000000000000000000000',
    'ff0200000000000000000001ff000005 8700ab38 00000000 fd000000000000000000000000000005',
    '0e01c8af8a6f713c'
  ),
  solicitation: unhex(
    '3333ff000001 02000000000a 86dd 60000000 0020 3a ff fd000000000000000000000000000005',
    'ff0200000000000000000001ff000001 87007d8c 00000000 fd000000000000000000000000000001',
    '0101 02000000000a'
  ),
  advertisement: unhex(
    '02000000000a 02000000000b 86dd 60000000 0020 3a ff fd000000000000000000000000000001',
    'fd000000000000000000000000000005 88001c8f 60000000 fd000000000000000000000000000001',
    '0201 02000000000b'
  )
}

const readNeighbour = (frame: Uint8Array) => {
  const packet = parseIcmpv6(frame.subarray(ethernetBytes))
  return packet && parseNeighbour(packet)
}

t.test('what a kernel sends is read', async t => {
  t.match(parseArp(captured.arpRequest.subarray(ethernetBytes)), {
    ...{ operation: 'Request', senderMac: a, sender: ip('10.0.0.5'), target: ip('10.0.0.1') }
  })
  t.match(parseArp(captured.arpReply.subarray(ethernetBytes)), {
    ...{ operation: 'Reply', senderMac: b, sender: ip('10.0.0.1') },
    ...{ targetMac: a, target: ip('10.0.0.5') }
  })
  t.same(readNeighbour(captured.probe), {
    ...{ type: 'Solicitation', source: ip('::'), destination: ip('ff02::1:ff00:5') },
    ...{ target: ip('fd00::5'), linkLayer: undefined }
  })
  t.match(readNeighbour(captured.solicitation), { source: ip('fd00::5'), linkLayer: a })
  t.match(readNeighbour(captured.advertisement), {
    ...{ target: ip('fd00::1'), linkLayer: b, isSolicited: true, isOverride: true, isRouter: false }
  })
})

t.test('what we send is what a kernel sends', async t => {
  t.equal(hex(arpRequest(a, ip('10.0.0.5'), ip('10.0.0.1'))), hex(captured.arpRequest))
  t.equal(hex(neighbourRequest(a, ip('fd00::5'), ip('fd00::1'))), hex(captured.solicitation))
  const said = readNeighbour(captured.advertisement)
  t.equal(said && hex(encodeNeighbour(said)), hex(captured.advertisement.subarray(ethernetBytes)))
})

t.test('a probe names no sender (RFC 5227 section 2.1.1, RFC 4862 section 5.4.2)', async t => {
  t.equal(
    hex(arpProbe(a, ip('10.0.0.5'))),
    hex(
      unhex(
        'ffffffffffff02000000000a08060001080006040001 02000000000a 00000000 000000000000 0a000005'
      )
    )
  )
  const probe = neighbourProbe(a, ip('2001:db8::1:2:3456:789a'))
  t.match(parseEthernet(probe), { destination: mac('33:33:ff:56:78:9a'), source: a, type: 0x86dd })
  t.same(readNeighbour(probe), {
    ...{ type: 'Solicitation', source: ip('::'), destination: ip('ff02::1:ff56:789a') },
    ...{ target: ip('2001:db8::1:2:3456:789a'), linkLayer: undefined }
  })
})

t.test('announcements (RFC 5227 section 2.3, RFC 4861 section 7.2.6)', async t => {
  t.equal(
    hex(arpAnnouncement(a, ip('10.0.0.5'))),
    hex(
      unhex(
        'ffffffffffff02000000000a08060001080006040001 02000000000a 0a000005 000000000000 0a000005'
      )
    )
  )
  const frame = neighbourAnnouncement(a, ip('fd00::5'))
  t.match(parseEthernet(frame), { destination: mac('33:33:00:00:00:01'), source: a })
  t.same(readNeighbour(frame), {
    ...{ type: 'Advertisement', source: ip('fd00::5'), destination: ip('ff02::1') },
    ...{ target: ip('fd00::5'), linkLayer: a },
    ...{ isRouter: false, isSolicited: false, isOverride: true }
  })
})

t.test('groups and hardware addresses', async t => {
  t.equal(
    solicitedNodeGroup(ip('4037::01:800:200e:8c6c')),
    ip('ff02::1:ff0e:8c6c'),
    'RFC 4291 section 2.7.1'
  )
  t.equal(groupMac(ip('ff02::1:ff0e:8c6c')), mac('33:33:ff:0e:8c:6c'))
  t.equal(parseMac('02:FC:00:00:00:01'), '02:fc:00:00:00:01')
  for (const text of [
    '',
    '02:fc:00:00:00',
    '02:fc:00:00:00:01:02',
    '2:fc:0:0:0:1',
    '02-fc-00-00-00-01'
  ]) {
    t.equal(parseMac(text), undefined, text)
  }
  fc.assert(fc.property(anyMac, one => macFromBytes(macToBytes(one)) === one))
})

t.test('what was written is read', async t => {
  const operation = fc.constantFrom('Request' as const, 'Reply' as const)
  const arp = fc.record({
    ...{ type: fc.constant('Arp' as const), operation, senderMac: someMac, sender: anyIpv4 },
    ...{ targetMac: anyMac, target: anyIpv4 }
  })
  fc.assert(
    fc.property(arp, arp => {
      t.same(parseArp(arpFrame(arp).subarray(ethernetBytes)), arp)
    })
  )
  const flag = fc.boolean()
  const said = fc.oneof(
    fc.record({
      ...{ type: fc.constant('Advertisement' as const), source: someIpv6, destination: someIpv6 },
      ...{ target: someIpv6, linkLayer: fc.option(someMac, { nil: undefined }) },
      ...{ isRouter: flag, isSolicited: flag, isOverride: flag }
    }),
    fc.record({
      ...{ type: fc.constant('Solicitation' as const), source: someIpv6, destination: someIpv6 },
      ...{ target: someIpv6, linkLayer: fc.option(someMac, { nil: undefined }) }
    })
  )
  fc.assert(
    fc.property(said, said => {
      t.same(readNeighbour(neighbourFrame(said, a)), said)
    })
  )
})

t.test('what is damaged, cut off or of another kind says nothing', async t => {
  const whole = Object.entries(captured)
  for (const [name, frame] of whole) {
    t.ok(sightingIn(frame, mac('02:00:00:00:00:0c')), `${name} as it came`)
    for (let length = 0; length < frame.length; length += 1) {
      t.equal(sightingIn(frame.subarray(0, length), mac('02:00:00:00:00:0c')), undefined)
    }
    const padded = Buffer.concat([frame, Buffer.alloc(18)])
    t.ok(sightingIn(padded, mac('02:00:00:00:00:0c')), `${name} with padding behind it`)
    const tag = Buffer.from([0x81, 0, 0, 5])
    const tagged = Buffer.concat([frame.subarray(0, 12), tag, frame.subarray(12)])
    t.equal(sightingIn(tagged, mac('02:00:00:00:00:0c')), undefined, `${name} with a VLAN tag`)
  }
})

t.test('one changed byte of a neighbour message is noticed', async t => {
  for (const frame of [captured.probe, captured.solicitation, captured.advertisement]) {
    // The checksum covers the addresses and what is behind them; before that, what is needed is compared.
    for (let at = ethernetBytes + 8; at < frame.length; at += 1) {
      const changed = Buffer.from(frame)
      changed[at] = (changed[at] ?? 0) ^ 0x10
      t.equal(readNeighbour(changed), undefined, `byte ${at}`)
    }
  }
})

t.test('what nobody may believe', async t => {
  const changed = (frame: Uint8Array, at: number, byte: number) => {
    const copy = Buffer.from(frame)
    copy[at] = byte
    return copy
  }
  const arps: [number, number, string][] = [
    [15, 6, 'hardware of another type'],
    [16, 0x86, 'another protocol'],
    [18, 8, 'longer hardware addresses'],
    [19, 16, 'longer addresses'],
    [21, 3, 'RARP'],
    [20, 1, 'an operation beyond a byte']
  ]
  for (const [at, byte, why] of arps) {
    t.equal(
      parseArp(changed(captured.arpRequest, at, byte).subarray(ethernetBytes)),
      undefined,
      why
    )
  }
  for (const nobody of ['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff']) {
    const frame = arpFrame(
      { operation: 'Reply', senderMac: mac(nobody), sender: ip('10.0.0.1') },
      b
    )
    t.equal(sightingIn(frame, a), undefined, `a reply from ${nobody}`)
  }
  const target = ip('fd00::1')
  const good = advertisement(target, b)
  t.ok(readNeighbour(neighbourFrame(good, b)))
  const neighbours: [Parameters<typeof neighbourFrame>[0], string][] = [
    [{ ...good, target: ip('ff02::1') }, 'a group as the target'],
    [{ ...good, isSolicited: true }, 'solicited by everybody'],
    [
      {
        ...{ type: 'Solicitation', source: ip('::'), destination: solicitedNodeGroup(target) },
        ...{ target, linkLayer: b }
      },
      'a probe that names its hardware address as an option'
    ],
    [
      {
        ...{ type: 'Solicitation', source: ip('::'), destination: ip('ff02::1') },
        ...{ target, linkLayer: undefined }
      },
      'a probe to another group'
    ]
  ]
  for (const [said, why] of neighbours) {
    t.equal(readNeighbour(neighbourFrame(said, b)), undefined, why)
  }
  t.equal(
    readNeighbour(changed(captured.advertisement, 21, 254)),
    undefined,
    'a packet that came through a router'
  )
})

t.test('an IPv4-mapped target does not speak for an IPv4 address', async t => {
  // The advertisement of fd00::1, its target rewritten to ::ffff:10.0.0.1 and the checksum put right.
  const frame = Buffer.from(captured.advertisement)
  frame.write('00000000000000000000ffff0a000001', 62, 'hex')
  frame.writeUInt16BE(0, 56)
  let sum = frame.length - 54 + 58
  for (let i = 22; i < frame.length; i += 2) sum += frame.readUInt16BE(i)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  frame.writeUInt16BE(~sum & 0xffff, 56)
  t.ok(parseIcmpv6(frame.subarray(ethernetBytes)), 'the packet itself is whole')
  t.equal(sightingIn(frame, mac('02:00:00:00:00:0c')), undefined)
})

t.test('options of no length, and ones that are cut off', async t => {
  const icmpv6 = parseIcmpv6(captured.advertisement.subarray(ethernetBytes))
  if (icmpv6 === undefined) throw new Error('the sample is whole')
  const withOptions = (...options: readonly number[]) =>
    parseNeighbour({
      ...icmpv6,
      message: Buffer.concat([icmpv6.message.subarray(0, 24), Buffer.from(options)])
    })
  t.match(withOptions(), { linkLayer: undefined })
  t.match(
    withOptions(14, 1, 1, 2, 3, 4, 5, 6, 2, 1, 2, 0, 0, 0, 0, 11),
    { linkLayer: b },
    'behind another one'
  )
  t.match(
    withOptions(2, 2, ...Array<number>(14).fill(1)),
    { linkLayer: undefined },
    'not of Ethernet'
  )
  t.equal(withOptions(2, 0, 2, 0, 0, 0, 0, 11), undefined, 'of no length: it would never end')
  t.equal(withOptions(2, 1, 2, 0, 0, 0, 0), undefined, 'cut off')
  t.equal(withOptions(2), undefined, 'without a length')
})

t.test('who is seen, and how', async t => {
  const own = mac('02:00:00:00:00:0c')
  const [v4, v6] = [ip('10.0.0.5'), ip('fd00::5')]
  const other = ip('10.0.0.9')
  const rows: [Uint8Array, unknown, string][] = [
    [
      arpFrame({ operation: 'Reply', senderMac: a, sender: v4 }),
      { address: v4, mac: a, kind: 'Reply' },
      'ARP reply'
    ],
    [
      arpFrame({ senderMac: a, sender: v4, target: other }),
      { address: v4, mac: a, kind: 'Request' },
      'ARP request'
    ],
    [arpAnnouncement(a, v4), { address: v4, mac: a, kind: 'Announcement' }, 'gratuitous ARP'],
    [arpProbe(a, v4), { address: v4, mac: a, kind: 'Probe' }, 'ARP probe'],
    [
      arpFrame({ operation: 'Reply', senderMac: a, target: v4 }),
      undefined,
      'an ARP reply of nobody'
    ],
    [neighbourAnnouncement(a, v6), { address: v6, mac: a, kind: 'Reply' }, 'advertisement'],
    [
      neighbourFrame(advertisement(v6, undefined), a),
      { address: v6, mac: a, kind: 'Reply' },
      'one without option'
    ],
    [neighbourProbe(a, v6), { address: v6, mac: a, kind: 'Probe' }, 'IPv6 probe'],
    [
      neighbourRequest(a, v6, ip('fd00::1')),
      { address: v6, mac: a, kind: 'Request' },
      'solicitation'
    ]
  ]
  for (const [frame, sighting, why] of rows) {
    t.same(sightingIn(frame, own), sighting, why)
    t.equal(sightingIn(frame, a), undefined, `${why}, as the sender hears it itself`)
  }
  const behindOther = arpFrame({ operation: 'Reply', senderMac: own, sender: v4 }, b)
  t.equal(sightingIn(behindOther, own), undefined, 'our own words out of another mouth')
})

t.test('garbage is read without harm', async t => {
  const headers = [
    captured.arpReply.subarray(0, 14),
    captured.probe.subarray(0, 14),
    captured.probe.subarray(0, 58)
  ]
  const garbage = fc
    .tuple(fc.constantFrom(Buffer.alloc(0), ...headers), fc.uint8Array({ maxLength: 200 }))
    .map(([header, rest]) => Buffer.concat([header, rest]))
  fc.assert(
    fc.property(garbage, frame => {
      const sighting = sightingIn(frame, a)
      if (sighting !== undefined) t.not(sighting.mac, a)
      t.equal(parseIcmpv6(frame), undefined)
      const said = parseNeighbour({ source: ip('::1'), destination: ip('::'), message: frame })
      t.not(said?.linkLayer, zeroMac)
    })
  )
})
