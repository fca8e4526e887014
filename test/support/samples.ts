// Small things of the domain, as tests need them.

import { type Address, parseAddress } from '../../src/core/address.ts'
import { AddressSet } from '../../src/core/address-set.ts'
import { parseRange } from '../../src/core/address-range.ts'
import type { Attachment, AttachmentKey } from '../../src/core/attachment.ts'
import { parseCidr } from '../../src/core/cidr.ts'
import type { IpPool } from '../../src/core/ip-pool.ts'
import type { Sandbox } from '../../src/core/sandbox.ts'
import type { PoolDocument } from '../../src/ports/pool-source.ts'

export const boot = 'boot-1'

export function ip(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return address
}

export function pool(name: string, subnet: string, ...ranges: string[]): IpPool {
  const cidr = parseCidr(subnet)
  if ('problem' in cidr) throw new Error(cidr.problem)
  const parsed = ranges.map(text => {
    const range = parseRange(text)
    if ('problem' in range) throw new Error(range.problem)
    return range
  })
  return {
    name,
    subnet: cidr,
    family: cidr.family,
    usable: AddressSet.of(parsed),
    routes: [],
    isDefault: true,
    isDisabled: false
  }
}

export function poolDocument(
  name: string,
  subnet: string,
  ips: readonly string[],
  more: Readonly<Record<string, unknown>> = {}
): PoolDocument {
  const spec = { subnet, ips, default: true, ...more }
  return { kind: 'SpiderIPPool', name, spec, source: `${name}.yaml` }
}

export function key(containerId: string, network = 'net1', ifname = 'eth0'): AttachmentKey {
  return { network, containerId, ifname }
}

export function sandbox(ns: number, path = '/run/netns/a', inBoot = boot): Sandbox {
  return {
    path,
    began: { boot: inBoot, ns: BigInt(ns) },
    namespace: `4:${path}`,
    witness: { path: '/run/netns', id: '1:1' }
  }
}

export function attachment(
  containerId: string,
  addresses: readonly string[],
  began = 1,
  poolName = 'blue'
): Attachment {
  return {
    key: key(containerId),
    pod: { namespace: 'default', name: `pod-${containerId}`, uid: 'uid-1' },
    sandbox: sandbox(began),
    demand: 'default pools',
    createdAtMs: 1_700_000_000_000,
    assignments: addresses.map(text => ({
      address: ip(text),
      prefix: text.includes(':') ? 64 : 24,
      pool: poolName,
      gateway: text.includes(':') ? ip('fd00::1') : ip('10.9.0.1'),
      routes: [{ dst: '192.0.2.0/24', gw: '10.9.0.1' }, { dst: '198.51.100.0/24' }]
    }))
  }
}
