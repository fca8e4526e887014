// The addresses that a network namespace has, as the kernel's files list them: fib_trie for IPv4, where an
// address is a local route of its own length, and if_inet6 for IPv6 (proc(5), proc_net(5)).

import { type Address, addressFromBytes, parseAddress } from '../core/address.ts'

/** `     |-- 10.6.0.5`, the key of the routes on the lines below it. */
const leaf = /^ *\|-- (\d+\.\d+\.\d+\.\d+)$/
/** `        /32 host LOCAL`, perhaps with a type of service behind. */
const localRoute = /^ *\/32 host LOCAL\b/
/** `fd00…05 04 40 00 82     eth0`: address, interface number, prefix length, scope, flags, name. */
const inet6 = /^([0-9a-f]{32}) [0-9a-f]+ [0-9a-f]+ ([0-9a-f]{2}) [0-9a-f]+ +\S+$/

/** Scopes of RFC 4291 in the kernel's numbers: these are alike in all namespaces. */
const loopbackScope = 0x10
const linkScope = 0x20

/**
 * Those of both files, in any order and without loopback and link-local ones. Lines of other shapes are left
 * out: the files grow with the kernel.
 */
export function parseLocalAddresses(text: string): Address[] {
  const found = new Set<Address>()
  let last: string | undefined
  for (const line of text.split('\n')) {
    const key = leaf.exec(line)?.[1]
    if (key !== undefined) last = key
    else if (last !== undefined && localRoute.test(line)) add(found, ipv4Of(last))
    else add(found, ipv6Of(line))
  }
  return [...found]
}

function add(found: Set<Address>, address: Address | undefined): void {
  if (address !== undefined) found.add(address)
}

function ipv4Of(text: string): Address | undefined {
  return text.startsWith('127.') ? undefined : parseAddress(text)
}

function ipv6Of(line: string): Address | undefined {
  const [, hex, scope = ''] = inet6.exec(line) ?? []
  if (hex === undefined) return undefined
  const bits = Number.parseInt(scope, 16) & (loopbackScope | linkScope)
  return bits === 0 ? addressFromBytes(Buffer.from(hex, 'hex')) : undefined
}
