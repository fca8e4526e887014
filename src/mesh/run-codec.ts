// Runs, registers and addresses as they travel. A run of IPv4 takes 14 to 20 bytes: its first address, how many
// there are, and the register's numbers; the tail goes along byte for byte, whatever it may mean.

import { addressFromBytes, addressToBytes, ipv4Base, type Address } from '../core/address.ts'
import type { AddressRange } from '../core/address-range.ts'
import { assert } from '../core/assert.ts'
import type { Contest } from '../core/lease/contest.ts'
import { compareRegisters, type Register, type Run } from '../core/lease/register.ts'
import {
  bytesOf,
  countOf,
  fail,
  fieldsOf,
  hexToWire,
  hexUpTo,
  listOf,
  type Wire
} from './wire-fields.ts'
import {
  contestsPerMessageMax,
  rangesPerMessageMax,
  runsPerMessageMax,
  tailDigitsMax
} from './wire-limits.ts'

const ipv4End = ipv4Base + 0x1_0000_0000n
const ipv6End = 1n << 128n
const noTail = ''

export function addressToWire(address: Address): Wire {
  return addressToBytes(address)
}

/** 4 or 16 bytes; an IPv4 address has one form only, so its long one is refused. */
export function addressFromWire(value: unknown, what: string): Address {
  const bytes = bytesOf(value, what)
  const address = addressFromBytes(bytes)
  if (address === undefined) fail(`${what} has ${bytes.length} bytes`)
  if (bytes.length === 16 && address >= ipv4Base && address < ipv4End) {
    fail(`${what} is an IPv4 address in 16 bytes`)
  }
  return address
}

/** How many addresses: a number, or when it is too large for one, its bytes. */
function lengthToWire(length: bigint): Wire {
  if (length <= 0xffff_ffffn) return Number(length)
  const digits = length.toString(16)
  return hexToWire(digits.length % 2 === 0 ? digits : `0${digits}`)
}

function lengthFromWire(value: unknown): bigint {
  if (typeof value === 'number') return BigInt(countOf(value, 'length'))
  // All of IPv6 is 2^128 addresses: 17 bytes.
  return BigInt(`0x0${hexUpTo(value, 17, 'length')}`)
}

export function rangeToWire({ start, end }: AddressRange): Wire[] {
  return [addressToBytes(start), lengthToWire(end - start)]
}

export function rangeFromWire(value: unknown): AddressRange {
  const [first, count] = fieldsOf(value, 2, 'range')
  return rangeOfWire(first, count)
}

function rangeOfWire(first: unknown, count: unknown): AddressRange {
  const start = addressFromWire(first, 'start')
  const length = lengthFromWire(count)
  if (length === 0n) fail('a range is empty')
  const end = start + length
  const familyEnd = start < ipv4Base ? ipv4Base : start < ipv4End ? ipv4End : ipv6End
  if (end > familyEnd) fail('a range leaves its family')
  return { start, end }
}

/** Its fields: fence, sequence, owner, writer, its count, and the tail when there is one. */
export function registerToWire(register: Register): Wire[] {
  const { fence, seq, owner, writer, wctr, tail } = register
  assert(tail.length <= tailDigitsMax, 'a tail is short')
  const fields: Wire[] = [fence, seq, owner, writer, wctr]
  if (tail !== noTail) fields.push(hexToWire(tail))
  return fields
}

export function registerFromWire(value: unknown): Register {
  return registerOf(fieldsOf(value, 5, 'register'), 0)
}

function registerOf(fields: readonly unknown[], at: number): Register {
  const tail = fields[at + 5]
  return {
    fence: countOf(fields[at], 'fence'),
    seq: countOf(fields[at + 1], 'seq'),
    owner: countOf(fields[at + 2], 'owner'),
    writer: countOf(fields[at + 3], 'writer'),
    wctr: countOf(fields[at + 4], 'wctr'),
    tail: tail === undefined ? noTail : hexUpTo(tail, tailDigitsMax / 2, 'tail')
  }
}

export function runToWire(run: Run): Wire {
  return [...rangeToWire(run), ...registerToWire(run.register)]
}

export function runFromWire(value: unknown): Run {
  const fields = fieldsOf(value, 7, 'run')
  const { start, end } = rangeOfWire(fields[0], fields[1])
  return { start, end, register: registerOf(fields, 2) }
}

export function runsToWire(runs: readonly Run[]): Wire {
  assert(runs.length <= runsPerMessageMax, 'a long list of runs is sent in several messages')
  return runs.map(runToWire)
}

export function runsFromWire(value: unknown): readonly Run[] {
  return listOf(value, runsPerMessageMax, 'runs', runFromWire)
}

export function rangesToWire(ranges: readonly AddressRange[]): Wire {
  assert(ranges.length <= rangesPerMessageMax, 'a long list of ranges is sent in several messages')
  return ranges.map(rangeToWire)
}

export function rangesFromWire(value: unknown): readonly AddressRange[] {
  return listOf(value, rangesPerMessageMax, 'ranges', rangeFromWire)
}

export function contestsToWire(contests: readonly Contest[]): Wire {
  assert(contests.length <= contestsPerMessageMax, 'contests are few')
  return contests.map(({ address, claims: [preferred, other] }) => [
    addressToWire(address),
    registerToWire(preferred),
    registerToWire(other)
  ])
}

export function contestsFromWire(value: unknown): readonly Contest[] {
  return listOf(value, contestsPerMessageMax, 'contests', contestFromWire)
}

function contestFromWire(value: unknown): Contest {
  const [address, first, second] = fieldsOf(value, 3, 'contest')
  const [one, other] = [registerFromWire(first), registerFromWire(second)]
  const order = compareRegisters(one, other)
  if (order === 0) fail('a contest is between two registers')
  const claims = order > 0 ? ([one, other] as const) : ([other, one] as const)
  return { address: addressFromWire(address, 'contested address'), claims }
}
