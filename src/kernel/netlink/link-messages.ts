// Links as messages (rtnetlink(7), linux/if_link.h).

import { assert } from '../../core/assert.ts'
import type { LinkChange, NewLink, Operation } from '../operation.ts'
import type { Link } from '../view.ts'
import { attributesAfter, type Attributes, type Message } from './message-reader.ts'
import type { MessageWriter } from './message-writer.ts'
import type { Write } from './netlink-socket.ts'

/** RTM_*LINK. */
export const linkMessages = { put: 16, delete: 17, get: 18 } as const

/** struct ifinfomsg: family, type of hardware, index, flags, and which of them are meant. */
export const infoBytes = 16
export const indexAt = 4
const [flagsAt, changeAt] = [8, 12]

/** IFLA_*. */
const ifla = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  txQueueLen: 13,
  linkInfo: 18,
  namespaceFd: 28,
  extMask: 29,
  txQueues: 31,
  rxQueues: 32,
  linkNamespaceId: 37
} as const
/** IFLA_INFO_*. */
const [infoKind, infoData] = [1, 2]
const vethPeer = 1
const vlanIdType = 1
/** IFLA_BOND_* that are no plain numbers. */
const bond = { mode: 1, arpIpTarget: 8, primary: 11, adActorSystem: 26 } as const
/** RTEXT_FILTER_SKIP_STATS: counters are most of a message, and nobody wants them. */
const skipStats = 8

/** IFF_* (netdevice(7)). */
const iff = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  running: 0x40,
  noArp: 0x80,
  multicast: 0x1000
} as const

/** IFLA_BOND_* that are plain numbers, by the names of ip-link(8), with their sizes. */
const bondOptions: ReadonlyMap<string, readonly [type: number, bytes: 1 | 2 | 4]> = new Map([
  ['miimon', [3, 4]],
  ['updelay', [4, 4]],
  ['downdelay', [5, 4]],
  ['use_carrier', [6, 1]],
  ['arp_interval', [7, 4]],
  ['arp_validate', [9, 4]],
  ['arp_all_targets', [10, 4]],
  ['primary_reselect', [12, 1]],
  ['fail_over_mac', [13, 1]],
  ['xmit_hash_policy', [14, 1]],
  ['resend_igmp', [15, 4]],
  ['num_grat_arp', [16, 1]],
  ['num_unsol_na', [16, 1]],
  ['all_slaves_active', [17, 1]],
  ['min_links', [18, 4]],
  ['lp_interval', [19, 4]],
  ['packets_per_slave', [20, 4]],
  ['lacp_rate', [21, 1]],
  ['ad_select', [22, 1]],
  ['ad_actor_sys_prio', [24, 2]],
  ['ad_user_port_key', [25, 2]],
  ['tlb_dynamic_lb', [27, 1]],
  ['peer_notif_delay', [28, 4]],
  ['lacp_active', [29, 1]],
  ['arp_missed_max', [30, 1]]
])

export const bondOptionNames: readonly string[] = [...bondOptions.keys()]

/** A bond, with the index of the link that it prefers. */
export type NewBond = Pick<Operation & { type: 'AddBond' }, 'link' | 'mode' | 'options'> & {
  readonly primaryIndex: number | undefined
}

/** A link as told, with the index of its master, whose name is known when all are read. */
export type ToldLink = Omit<Link, 'master'> & { readonly masterIndex?: number }

export const askForLinks: Write = message => {
  message.room(infoBytes)
  message.u32(ifla.extMask, skipStats)
}

export function askForLink(name: string): Write {
  return message => {
    message.room(infoBytes)
    message.text(ifla.name, name)
    message.u32(ifla.extMask, skipStats)
  }
}

export function readLink(message: Message): ToldLink | undefined {
  if (message.type !== linkMessages.put) return undefined
  const attributes = attributesAfter(message, infoBytes)
  const { buffer, start } = message
  const flags = buffer.readUInt32LE(start + flagsAt)
  const mac = attributes.mac(ifla.address)
  const masterIndex = attributes.u32(ifla.master)
  return {
    index: buffer.readInt32LE(start + indexAt),
    name: attributes.text(ifla.name) ?? '',
    ...kindOf(attributes.nested(ifla.linkInfo)),
    ...(mac !== undefined && { mac }),
    mtu: attributes.u32(ifla.mtu) ?? 0,
    txQueueLen: attributes.u32(ifla.txQueueLen) ?? 0,
    isUp: (flags & iff.up) !== 0,
    isRunning: (flags & iff.running) !== 0,
    isBroadcast: (flags & iff.broadcast) !== 0,
    isMulticast: (flags & iff.multicast) !== 0,
    isLoopback: (flags & iff.loopback) !== 0,
    isNoArp: (flags & iff.noArp) !== 0,
    ...parentOf(attributes),
    ...(masterIndex !== undefined && { masterIndex })
  }
}

function parentOf(attributes: Attributes): Pick<Link, 'parent'> {
  const index = attributes.u32(ifla.link)
  const isElsewhere = attributes.has(ifla.linkNamespaceId)
  return index === undefined || index === 0 ? {} : { parent: { index, isElsewhere } }
}

function kindOf(info: Attributes | undefined): Pick<Link, 'kind' | 'vlanId' | 'bondMode'> {
  const kind = info?.text(infoKind)
  if (kind === undefined) return {}
  const data = kind === 'vlan' || kind === 'bond' ? info?.nested(infoData) : undefined
  const vlanId = kind === 'vlan' ? data?.u16(vlanIdType) : undefined
  const bondMode = kind === 'bond' ? data?.u8(bond.mode) : undefined
  return {
    kind,
    ...(vlanId !== undefined && { vlanId }),
    ...(bondMode !== undefined && { bondMode })
  }
}

/** The other end is made in the namespace of an open file, or in the same one. */
export function newVeth(link: NewLink, peer: NewLink, peerNamespace: number | undefined): Write {
  return message => {
    writeNewLink(message, link)
    writeKind(message, 'veth', () =>
      message.nest(vethPeer, () => {
        writeNewLink(message, peer)
        if (peerNamespace !== undefined) message.u32(ifla.namespaceFd, peerNamespace)
      })
    )
  }
}

export function newVlan(link: NewLink, parentIndex: number, id: number): Write {
  return message => {
    writeNewLink(message, link)
    message.u32(ifla.link, parentIndex)
    writeKind(message, 'vlan', () => message.u16(vlanIdType, id))
  }
}

export function newBond({ link, mode, options, primaryIndex }: NewBond): Write {
  return message => {
    writeNewLink(message, link)
    writeKind(message, 'bond', () => {
      message.u8(bond.mode, mode)
      for (const [name, value] of Object.entries(options.numbers)) {
        const option = bondOptions.get(name)
        assert(option !== undefined, `${name} is an option of bonds`)
        const [type, bytes] = option
        if (bytes === 1) message.u8(type, value)
        else if (bytes === 2) message.u16(type, value)
        else message.u32(type, value)
      }
      const { arpIpTargets: targets = [], adActorSystem } = options
      if (targets.length > 0) {
        message.nest(bond.arpIpTarget, () =>
          targets.forEach((target, i) => message.address(i, target, 4))
        )
      }
      if (primaryIndex !== undefined) message.u32(bond.primary, primaryIndex)
      if (adActorSystem !== undefined) message.mac(bond.adActorSystem, adActorSystem)
    })
  }
}

/** `masterIndex`: 0 leaves the master, undefined stays. */
export function changeLink(
  index: number,
  change: Omit<LinkChange, 'master'>,
  masterIndex: number | undefined
): Write {
  return message => {
    const at = writeInfo(message, change.isUp)
    message.setU32(at + indexAt, index)
    if (change.name !== undefined) message.text(ifla.name, change.name)
    writeProperties(message, change)
    if (masterIndex !== undefined) message.u32(ifla.master, masterIndex)
  }
}

export function linkByName(name: string): Write {
  return message => {
    message.room(infoBytes)
    message.text(ifla.name, name)
  }
}

function writeNewLink(message: MessageWriter, link: NewLink): void {
  writeInfo(message, link.isUp)
  message.text(ifla.name, link.name)
  writeProperties(message, link)
  if (link.queues === undefined) return
  message.u32(ifla.txQueues, link.queues)
  message.u32(ifla.rxQueues, link.queues)
}

function writeInfo(message: MessageWriter, isUp: boolean | undefined): number {
  const at = message.room(infoBytes)
  if (isUp !== undefined) {
    message.setU32(at + flagsAt, isUp ? iff.up : 0)
    message.setU32(at + changeAt, iff.up)
  }
  return at
}

function writeProperties(
  message: MessageWriter,
  properties: Omit<NewLink, 'name' | 'queues'>
): void {
  const { mac, mtu, txQueueLen } = properties
  if (mac !== undefined) message.mac(ifla.address, mac)
  if (mtu !== undefined) message.u32(ifla.mtu, mtu)
  if (txQueueLen !== undefined) message.u32(ifla.txQueueLen, txQueueLen)
}

function writeKind(message: MessageWriter, kind: string, writeData: () => void): void {
  message.nest(ifla.linkInfo, () => {
    message.text(infoKind, kind)
    message.nest(infoData, writeData)
  })
}
