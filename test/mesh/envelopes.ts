// Messages of every type, by chance and by example.

import { ipv4Base, toAddress, type Address } from '../../src/core/address.ts'
import type { AddressRange } from '../../src/core/address-range.ts'
import { compareRegisters, type Register, type Run } from '../../src/core/lease/register.ts'
import type { Body, Envelope } from '../../src/core/protocol.ts'
import * as fc from '../support/property.ts'

const count = fc.oneof(fc.nat(200), fc.maxSafeNat())
const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map(digits => Buffer.from(digits).toString('hex'))
const tail = fc.uint8Array({ maxLength: 256 }).map(digits => Buffer.from(digits).toString('hex'))
const text = (max: number) =>
  fc.string({ unit: fc.constantFrom('a', 'ü', '0', '/', '.', '-'), maxLength: max })
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 5 })

const ipv4 = fc.nat(0xffff_fff0).map(offset => toAddress(ipv4Base + BigInt(offset)))
const ipv6 = fc.bigInt(1n << 60n, (1n << 128n) - 1n).map(toAddress)
export const someAddress: fc.Arbitrary<Address> = fc.oneof(ipv4, ipv6)

const range: fc.Arbitrary<AddressRange> = fc.oneof(
  fc.tuple(ipv4, fc.bigInt(1n, 15n)).map(([start, length]) => ({ start, end: start + length })),
  fc
    .tuple(ipv6, ipv6)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => (a < b ? { start: a, end: b } : { start: b, end: a }))
)

const register: fc.Arbitrary<Register> = fc.record({
  fence: count,
  seq: count,
  owner: count,
  writer: count,
  wctr: count,
  tail
})

export const someRun: fc.Arbitrary<Run> = fc
  .tuple(range, register)
  .map(([{ start, end }, content]) => ({ start, end, register: { ...content } }))

const contest = fc
  .tuple(someAddress, register, register)
  .filter(([, a, b]) => compareRegisters(a, b) !== 0)
  .map(([address, a, b]) => ({
    address,
    claims: compareRegisters(a, b) > 0 ? ([a, b] as const) : ([b, a] as const)
  }))

const session = fc.record({ opened: count, id: hex(8) })
const speaker = fc.record({ incarnation: hex(16), session })
const holding = fc.record({ free: count, used: count, cooling: count, waiting: count })
const marks = list(fc.tuple(count, count))
const wire = fc.record({ min: count, max: count })
const whereabouts = fc.record({ incarnation: hex(16), peer: text(60), addresses: list(text(99)) })
const reason = fc.constantFrom('Empty', 'Busy', 'NotOwner', 'InUse', 'Draining', 'Contested')
const domain = text(40)
const summary = { hash: hex(8), marks }
const type = <T extends string>(name: T) => fc.constant(name)
const required = <T extends string>(...keys: T[]) => ({ requiredKeys: keys })

export const someBody = fc.oneof(
  fc.record({ type: type('Hello'), nonce: hex(8), node: text(60), wire }),
  fc.record({
    type: type('Welcome'),
    answer: hex(8),
    nonce: hex(8),
    node: text(60),
    wire,
    known: list(whereabouts)
  }),
  fc.record({ type: type('Greeted'), answer: hex(8) }),
  fc.record(
    {
      type: type('Rebuff'),
      why: fc.constantFrom('Cluster', 'Fenced', 'Stranger', 'Superseded', 'Version'),
      answer: fc.oneof(hex(8), hex(0)),
      known: session
    },
    required('type', 'why', 'answer')
  ),
  fc.record(
    {
      type: type('Ask'),
      domain,
      id: count,
      pool: text(60),
      demand: count,
      wish: count,
      exact: someAddress
    },
    required('type', 'domain', 'id', 'pool', 'demand', 'wish')
  ),
  fc.record({
    type: type('Grant'),
    domain,
    wctr: count,
    id: count,
    pool: text(60),
    runs: list(someRun),
    holding
  }),
  fc.record(
    {
      type: type('No'),
      domain,
      id: count,
      pool: text(60),
      reason,
      holding,
      referrals: list(count),
      newer: someRun,
      holder: text(300)
    },
    required('type', 'domain', 'id', 'pool', 'reason', 'holding', 'referrals')
  ),
  fc.record({ type: type('Taken'), domain, wctr: count }),
  fc.record({ type: type('Digest'), domains: list(fc.record({ domain, hash: hex(8) })) }),
  fc.record({ type: type('Summary'), domain, ...summary }),
  fc.record(
    {
      type: type('Delta'),
      domain,
      runs: list(someRun),
      raise: marks,
      contests: list(contest),
      reverse: fc.record(summary)
    },
    required('type', 'domain', 'runs', 'raise', 'contests')
  ),
  fc.record({ type: type('Collect'), domain, nonce: hex(8), round: count }),
  fc.record({
    type: type('Collected'),
    domain,
    nonce: hex(8),
    runs: list(someRun),
    live: list(range)
  }),
  fc.record({ type: type('Confirm'), domain, nonce: hex(8), wctr: count, runs: list(someRun) }),
  fc.record({
    type: type('Confirmed'),
    domain,
    nonce: hex(8),
    newer: list(someRun),
    wctr: count,
    live: list(range)
  }),
  fc.record({
    type: type('Rumour'),
    n: count,
    addresses: list(text(99)),
    domains: list(
      fc.record({
        domain,
        hash: hex(8),
        pools: list(fc.record({ pool: text(60), holding }))
      })
    )
  })
) as fc.Arbitrary<Body>

export const someEnvelope: fc.Arbitrary<Envelope> = fc
  .record(
    {
      version: count,
      cluster: fc.oneof(hex(16), hex(0)),
      from: speaker,
      to: speaker,
      registry: count,
      body: someBody
    },
    required('version', 'cluster', 'from', 'registry', 'body')
  )
  // Records come without a prototype now and then; what is decoded has one.
  .map(envelope => structuredClone(envelope) as Envelope)

/** A message of the given body between two nodes that know one another. */
export function envelopeOf(body: Body): Envelope {
  return {
    version: 1,
    cluster: 'c1'.repeat(16),
    from: { incarnation: 'a1'.repeat(16), session: { opened: 3, id: 'a5'.repeat(8) } },
    to: { incarnation: 'b1'.repeat(16), session: { opened: 70_000, id: 'b5'.repeat(8) } },
    registry: 12,
    body
  }
}
