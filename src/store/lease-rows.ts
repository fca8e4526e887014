// Rows of the lease tables and what they mean, in both directions. A run is stored by its first and its last
// address: one past the end of the line has no sixteen bytes.

import { addressToBytes, formatAddress, toAddress } from '../core/address.ts'
import { assert } from '../core/assert.ts'
import type { Contest } from '../core/lease/contest.ts'
import type { OpenGrant } from '../core/lease/open-grant.ts'
import type { Register, Run } from '../core/lease/register.ts'
import { addressOf } from './rows.ts'

type RegisterValues = [
  fence: number,
  seq: number,
  owner: number,
  writer: number,
  wctr: number,
  tail: string
]

export type RunValues = [first: Uint8Array, last: Uint8Array, ...register: RegisterValues]

export interface RunRow extends Register {
  readonly domain: string
  readonly first: Uint8Array
  readonly last: Uint8Array
}

export interface GrantRow extends Omit<OpenGrant, 'to' | 'runs'> {
  readonly domain: string
  readonly member: number
}

export interface ContestRow {
  readonly domain: string
  readonly address: Uint8Array
  readonly preferred: string
  readonly other: string
}

export function runToValues({ start, end, register }: Run): RunValues {
  assert(end > start, 'a run is never empty')
  return [addressToBytes(start), addressToBytes(toAddress(end - 1n)), ...valuesOf(register)]
}

export function runFromRow({ first, last, fence, seq, owner, writer, wctr, tail }: RunRow): Run {
  return {
    start: addressOf(first),
    end: addressOf(last) + 1n,
    register: { fence, seq, owner, writer, wctr, tail }
  }
}

/** Runs in the order of addresses, sorted in place. Bytes alone would put IPv4 beside other IPv6 addresses. */
export function inOrder(runs: Run[]): Run[] {
  return runs.sort((a, b) => (a.start < b.start ? -1 : 1))
}

export function contestToValues({ address, claims: [preferred, other] }: Contest) {
  return [addressToBytes(address), registerToText(preferred), registerToText(other)] as const
}

export function contestFromRow({ address, preferred, other }: ContestRow): Contest {
  return {
    address: addressOf(address),
    claims: [registerFromText(preferred), registerFromText(other)]
  }
}

/** The same for contests of the same content. */
export function contestKey({ address, claims: [preferred, other] }: Contest): string {
  return `${formatAddress(address)} ${registerToText(preferred)} ${registerToText(other)}`
}

function registerToText(register: Register): string {
  return JSON.stringify(valuesOf(register))
}

function registerFromText(text: string): Register {
  const [fence, seq, owner, writer, wctr, tail] = JSON.parse(text) as RegisterValues
  return { fence, seq, owner, writer, wctr, tail }
}

function valuesOf({ fence, seq, owner, writer, wctr, tail }: Register): RegisterValues {
  return [fence, seq, owner, writer, wctr, tail]
}
