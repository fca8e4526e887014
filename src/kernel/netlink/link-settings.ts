// Settings of IPv4 that the kernel tells of links and is told (IFLA_AF_SPEC of linux/if_link.h, linux/netconf.h), by their
// keys below /proc/sys. In a namespace that is new the kernel takes 20 to 30 µs to look for each of those files, and 80 µs to
// find one of a link that was just made.

import { attributesAfter, type Message } from './message-reader.ts'
import { indexAt, infoBytes } from './link-messages.ts'
import type { NetlinkSocket, Write } from './netlink-socket.ts'
import { familyCodes } from './family-codes.ts'

/** IPV4_DEVCONF_* (linux/ip.h), counted from 1. */
const settingNumbers = { rp_filter: 8, arp_ignore: 19 } as const
type Setting = keyof typeof settingNumbers
const settingNames = Object.keys(settingNumbers) as readonly Setting[]
const keyOfLink = /^net\/ipv4\/conf\/([^/]+)\/(rp_filter|arp_ignore)$/

/** IFLA_AF_SPEC, and IFLA_INET_CONF within: numbers of four bytes, one behind the other. */
const [familySpecific, settingsOfIpv4] = [26, 1]

/** RTM_GETNETCONF; struct netconfmsg is one byte and aligned. */
const getNetconf = 82
const netconfBytes = 4
/** NETCONFA_*: of which link, and the number that stands for what holds for all. */
const netconf = { index: 1, rpFilter: 3 } as const
const everyLink = 0xffff_ffff

/** Which link, and the number of the setting; undefined for a key that goes by its file alone. */
export function settingOf(
  key: string
): { readonly link: string; readonly number: number } | undefined {
  const [, link, name] = keyOfLink.exec(key) ?? []
  if (link === undefined || link === 'all' || link === 'default') return undefined
  return { link, number: settingNumbers[name as Setting] }
}

export function writeSetting(index: number, number: number, value: number): Write {
  return message => {
    message.setU32(message.room(infoBytes) + indexAt, index)
    message.nest(familySpecific, () =>
      message.nest(familyCodes[4], () =>
        message.nest(settingsOfIpv4, () => message.u32(number, value))
      )
    )
  }
}

export class LinkSettings {
  /** By the names of links; one that does without IPv4 has none. */
  readonly #links = new Map<string, Partial<Record<Setting, number>>>()

  /** Take what a message says of the link with this name. */
  note(message: Message, link: string): void {
    const specific = attributesAfter(message, infoBytes).nested(familySpecific)
    const bytes = specific?.nested(familyCodes[4])?.bytes(settingsOfIpv4)
    const values: Partial<Record<Setting, number>> = {}
    for (const name of settingNames) {
      const at = (settingNumbers[name] - 1) * 4
      if (bytes !== undefined && at + 4 <= bytes.length) values[name] = bytes.readInt32LE(at)
    }
    this.#links.set(link, values)
  }

  /**
   * Those of the keys that are known when all links are noted, and undefined for those of links that are not there. The
   * kernel is asked for what holds for all links.
   */
  of(keys: readonly string[], socket: NetlinkSocket): ReadonlyMap<string, string | undefined> {
    const values = new Map<string, string | undefined>()
    for (const key of keys) {
      const [, link, name] = keyOfLink.exec(key) ?? []
      if (link === undefined || link === 'default') continue
      const value =
        link === 'all'
          ? name === 'rp_filter' && rpFilterOfAll(socket)
          : this.#links.get(link)?.[name as Setting]
      const isMissing = link !== 'all' && !this.#links.has(link)
      if (typeof value === 'number' || isMissing) values.set(key, value?.toString())
    }
    return values
  }
}

function rpFilterOfAll(socket: NetlinkSocket): number | undefined {
  return socket.find(
    getNetconf,
    message => {
      message.setU8(message.room(netconfBytes), familyCodes[4])
      message.u32(netconf.index, everyLink)
    },
    answer => attributesAfter(answer, netconfBytes).u32(netconf.rpFilter),
    ['EOPNOTSUPP']
  )
}
