// The interface itself: that it is up, its queue, its hardware address, and what the kernel lets in by it.

import { type Address, addressToBytes } from '../core/address.ts'
import { type Mac, macFromBytes } from '../core/link/mac.ts'
import type { LinkChange } from '../kernel/operation.ts'
import { podVethName } from './numbers.ts'
import { addressesOf, nicsOf, type Stage } from './stage.ts'
import type { Step } from './step.ts'

export function ownInterface(stage: Stage): readonly Step[] {
  const { settings, key } = stage
  const mac = wantedMac(stage)
  const change: LinkChange = {
    isUp: true,
    ...(settings.txQueueLen > 0 && { txQueueLen: settings.txQueueLen }),
    ...(mac !== undefined && { mac })
  }
  return [{ type: 'SetLink', at: 'Pod', name: key.ifname, change }]
}

/** The prefix, and four bytes of the first address: all of an IPv4 one, the last of an IPv6 one. */
export function wantedMac({ settings, pod, key }: Stage): Mac | undefined {
  const { podMacPrefix: prefix } = settings
  const [address] = addressesOf(pod, key.ifname)
  if (prefix === undefined || address === undefined) return undefined
  return macFromBytes(
    Buffer.concat([Buffer.from(prefix.replace(':', ''), 'hex'), lastFour(address)])
  )
}

function lastFour(address: Address): Uint8Array {
  return addressToBytes(address).subarray(-4)
}

/** The kernel takes the stricter one of what `all` and what the link says, so both are set; `all` as the cable needs it. */
export function sysctls(stage: Stage): readonly Step[] {
  const { settings, families, mode, pod } = stage
  const rpFilter = settings.podRpFilter
  const nics = nicsOf(stage)
  const filters = [
    ['all', mode === 'underlay' ? 0 : rpFilter] as const,
    // Clients from anywhere come in by the cable; and of a link without an IPv4 address even the loose filter lets in nobody
    // but whom its own routes lead to.
    ...(mode === 'underlay' ? [[podVethName, 0] as const] : []),
    ...nics.map(link => [link, rpFilter] as const)
  ]
  return [
    ...(families.includes(6) && pod.sysctls.has('net/ipv6/conf/all/disable_ipv6')
      ? [set('net/ipv6/conf/all/disable_ipv6', '0')]
      : []),
    ...(families.includes(4) && rpFilter >= 0
      ? filters.map(([link, value]) => set(`net/ipv4/conf/${link}/rp_filter`, String(value)))
      : []),
    // With two interfaces in one network each would answer for the other's address.
    ...(families.includes(4) && nics.length > 1
      ? nics.map(link => set(`net/ipv4/conf/${link}/arp_ignore`, '1'))
      : [])
  ]
}

function set(key: string, value: string): Step {
  return { type: 'SetSysctl', at: 'Pod', key, value }
}
