// Registers and runs over a few addresses, as the tests of custody need them.

import { type Address, ipv4Base } from '../../../src/core/address.ts'
import type { LeaseMap } from '../../../src/core/lease/lease-map.ts'
import type { Register, Run } from '../../../src/core/lease/register.ts'
import * as fc from '../../support/property.ts'

export const at = (i: number) => (ipv4Base + BigInt(i)) as Address

export function register(fields: Partial<Register> = {}): Register {
  return { fence: 1, seq: 0, owner: 1, writer: 1, wctr: 1, tail: '', ...fields }
}

export function run(start: number, length: number, fields: Partial<Register> = {}): Run {
  return { start: at(start), end: at(start) + BigInt(length), register: register(fields) }
}

/** Few values, so that equal keys with different contents are common. */
export const anyRegister = fc.record({
  fence: fc.constantFrom(1, 4),
  seq: fc.nat(2),
  owner: fc.nat(3),
  writer: fc.nat(3),
  wctr: fc.nat(2),
  tail: fc.constantFrom('', '', '00ff')
})

/** How many addresses the universe of these tests has. */
export const universe = 24

export const anyRun = fc
  .record({ start: fc.nat(universe - 1), length: fc.nat(8), register: anyRegister })
  .map(({ start, length, register: fields }) =>
    run(start, Math.min(length + 1, universe - start), fields)
  )

/** Runs that may overlap one another. */
export const anyRuns = fc.array(anyRun, { maxLength: 8 })

/** One entry for each address of the universe. */
export function registersOf(map: LeaseMap): (Register | undefined)[] {
  return Array.from({ length: universe }, (_, i) => map.at(at(i)))
}
