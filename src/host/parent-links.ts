// Links of the host behind the interfaces of pods: virtual functions of PCI by sysfs
// (Documentation/ABI/testing/sysfs-bus-pci: physfn), and the addresses that links have.

import { readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { parseAddress } from '../core/address.ts'
import { errorCodeOf } from '../core/error-text.ts'
import type { ParentLink } from '../core/selection/parent-link.ts'
import type { ParentLinks } from '../ports/parent-links.ts'

/** Domain, bus, device and function. */
const pciAddress = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i

/** The addresses of the links that are up, by name. */
type Addresses = () => Readonly<Record<string, readonly { readonly address: string }[] | undefined>>

export function createParentLinks(
  sysfs = '/sys',
  addresses: Addresses = networkInterfaces
): ParentLinks {
  const named = (...names: readonly string[]): ParentLink => {
    const all = addresses()
    const found = names.flatMap(name => all[name] ?? [])
    // Those of a link alone have its name behind them.
    const texts = found.map(({ address }) => address.replace(/%.*$/, ''))
    return { name: names.join(', '), addresses: texts.flatMap(text => parseAddress(text) ?? []) }
  }
  return {
    named: link => named(link),
    ofDevice: device => {
      if (!pciAddress.test(device)) return { unknown: `the device ${device} is none of PCI` }
      try {
        const directory = join(sysfs, 'bus/pci/devices', device.toLowerCase(), 'physfn/net')
        return named(...readdirSync(directory).sort())
      } catch (error) {
        if (errorCodeOf(error) !== 'ENOENT') throw error
        return { unknown: `${device} is no virtual function with a parent that has a link` }
      }
    }
  }
}
