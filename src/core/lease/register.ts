// The register of one address: who its custodian is, and how new that knowledge is. A run is how registers
// are stored and sent; an address never notices who its neighbours are.

import type { AddressRange } from '../address-range.ts'

/** The running number of an incarnation in the order of Join records, from 1; never used twice. */
export type MemberIndex = number

/** The owner of an address that no node may use again. */
export const retired: MemberIndex = 0

export interface Register {
  /** The registry record that gave the address away last: genesis of its range, removal of a holder. */
  readonly fence: number
  /** How often custody passed on since then. */
  readonly seq: number
  readonly owner: MemberIndex
  /** Who wrote it, `retired` for what follows from the registry, and its count of writes in this domain by then. */
  readonly writer: MemberIndex
  readonly wctr: number
  /** Fields behind these, as hexadecimal bytes: `bind`, and what later releases add. Kept as they came. */
  readonly tail: string
}

/** A stretch of addresses with one register. */
export interface Run extends AddressRange {
  readonly register: Register
}

export type RegisterKey = Pick<Register, 'fence' | 'seq'>

/** Negative when `a` is older than `b`, 0 when they are of one key. */
export function compareKeys(a: RegisterKey, b: RegisterKey): number {
  return a.fence - b.fence || a.seq - b.seq
}

/**
 * The total order that merging follows: by key, and between registers of one key, of which there are two only
 * after a rollback or a mistake, by content, so that everybody picks the same one.
 */
export function compareRegisters(a: Register, b: Register): number {
  return (
    compareKeys(a, b) ||
    a.owner - b.owner ||
    a.writer - b.writer ||
    a.wctr - b.wctr ||
    (a.tail < b.tail ? -1 : a.tail > b.tail ? 1 : 0)
  )
}

export function sameRegister(a: Register, b: Register): boolean {
  return a === b || compareRegisters(a, b) === 0
}

/** `5.2`: fence and sequence, as people read them. */
export function keyOf({ fence, seq }: RegisterKey): string {
  return `${fence}.${seq}`
}
