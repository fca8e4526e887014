// AF_INET and AF_INET6 as the kernel counts families, and addresses as it writes them. A family that is told beside
// an address decides: the number line has IPv4 within IPv6, and a kernel may have routes to that part of IPv6.

import {
  type Address,
  addressFromBytes,
  addressToBytes,
  bitsOf,
  type Family
} from '../../core/address.ts'
import { type Cidr, cidrOf } from '../../core/cidr.ts'
import { assert } from '../../core/assert.ts'
import { MalformedMessageError } from './message-reader.ts'

export const familyCodes = { 4: 2, 6: 10 } as const

const mapped = Buffer.from('00000000000000000000ffff', 'hex')

export function familyFromCode(code: number): Family | undefined {
  if (code === familyCodes[4]) return 4
  return code === familyCodes[6] ? 6 : undefined
}

export function bytesOf(address: Address, family: Family): Uint8Array {
  const bytes = addressToBytes(address)
  if (family === 6 && bytes.length === 4) return Buffer.concat([mapped, bytes])
  assert(bytes.length === (family === 4 ? 4 : 16), 'an address is of its family')
  return bytes
}

/** Throws `MalformedMessageError` when there are not as many bytes as the family has. */
export function addressOfFamily(bytes: Uint8Array, family: Family): Address {
  const address = bytes.length === (family === 4 ? 4 : 16) ? addressFromBytes(bytes) : undefined
  if (address === undefined) {
    throw new MalformedMessageError(`${bytes.length} bytes of an IPv${family} address`)
  }
  return address
}

/** Throws `MalformedMessageError` as `addressOfFamily`, and for a prefix that is too long. */
export function subnetOfFamily(bytes: Uint8Array, prefix: number, family: Family): Cidr {
  if (prefix > bitsOf(family)) throw new MalformedMessageError(`a prefix of ${prefix} bits`)
  return cidrOf(addressOfFamily(bytes, family), prefix, family)
}
