// Orders that make and join links, against what ip(8) has sent for the same wish: recorded, since this kernel may have
// neither VLANs nor bonds.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  bondModes,
  bondNumbers,
  readBondOptions
} from '../../src/core/coordination/bond-options.ts'
import {
  bondOptionNames,
  changeLink,
  linkMessages,
  newBond,
  newVlan,
  readLink
} from '../../src/kernel/netlink/link-messages.ts'
import { messagesIn } from '../../src/kernel/netlink/message-reader.ts'
import { flags, MessageWriter } from '../../src/kernel/netlink/message-writer.ts'
import type { Write } from '../../src/kernel/netlink/netlink-socket.ts'

/** As they were in the namespace of the recording. */
const indexes: Readonly<Record<string, number>> = { eth2: 2, eth1: 3, br0: 4 }

const recorded = new Map(
  readFileSync(join(import.meta.dirname, 'recorded-orders.txt'), 'utf8')
    .trim()
    .split('\n')
    .map(line => line.split(' = ') as [string, string])
)

/** IFLA_LINKINFO, IFLA_INFO_DATA in it, and IFLA_BOND_ARP_IP_TARGET in that, by the way to them. */
const nests = ['18', '18 2', '18 2 8']

/** IFLA_IFNAME, IFLA_INFO_KIND: with or without a zero behind, the kernel takes both. */
const texts = ['3', '18 1']

/** Attributes by the way to them, whatever their order; the flag for nests is nobody's duty. */
function attributes(bytes: Buffer, from: number, way: readonly number[] = []): [string, string][] {
  const found: [string, string][] = []
  for (let at = from, size = 0; at < bytes.length; at += (size + 3) & ~3) {
    size = bytes.readUInt16LE(at)
    const here = [...way, bytes.readUInt16LE(at + 2) & 0x3fff]
    const value = bytes.subarray(at + 4, at + size)
    if (nests.includes(here.join(' '))) found.push(...attributes(value, 0, here))
    else {
      const isText = texts.includes(here.join(' '))
      const text = isText ? value.toString().replace(/\0$/, '') : value.toString('hex')
      found.push([here.join(' '), text])
    }
  }
  return found.sort(([a], [b]) => a.localeCompare(b))
}

/** The kind of message, its flags but for the wish of an answer, the fixed part, and what follows. */
function essence(bytes: Buffer) {
  const mask = flags.create | flags.exclusive
  return {
    type: bytes.readUInt16LE(4),
    flags: bytes.readUInt16LE(6) & mask,
    fixed: bytes.subarray(16, 32).toString('hex'),
    attributes: attributes(bytes, 32)
  }
}

function written(flags: number, write: Write): Buffer {
  const writer = new MessageWriter()
  writer.begin(linkMessages.put, flags, 1)
  write(writer)
  writer.end()
  return Buffer.from(writer.written)
}

const make = flags.create | flags.exclusive

/** The command, told in the words of ip(8), that has the same meaning for us. */
function ours(command: string): Buffer {
  const words = command.split(' ')
  const after = (word: string) => words[words.indexOf(word) + 1] ?? ''
  const index = indexes[words[1] ?? ''] ?? 0
  if (command.includes('type vlan')) {
    const [parent, name, id] = [after('link'), after('name'), Number(after('id'))]
    return written(make, newVlan({ name }, indexes[parent] ?? 0, id))
  }
  if (command.includes('type bond')) {
    const told =
      command
        .split(`mode ${after('mode')}`)[1]
        ?.trim()
        .split(' ')
        .filter(Boolean) ?? []
    const pairs = told.flatMap((word, i) => (i % 2 === 0 ? [`${word}=${told[i + 1]}`] : []))
    // One name of ip(8) is not that of the driver.
    const text = pairs.join(';').replace('peer_notify_delay', 'peer_notif_delay')
    const { options, problems } = readBondOptions(text, ['eth1', 'eth2'])
    t.same(problems, [], command)
    const mode = bondModes.findIndex(word => word === after('mode'))
    const primaryIndex = options.primary === undefined ? undefined : indexes[options.primary]
    return written(make, newBond({ link: { name: after('name') }, mode, options, primaryIndex }))
  }
  const master = command.includes('nomaster') ? 0 : indexes[after('master')]
  const change = /(up|down)$/.exec(command)?.[0]
  return written(
    0,
    changeLink(index, change === undefined ? {} : { isUp: change === 'up' }, master)
  )
}

t.test('what ip(8) sends is what we send', async t => {
  t.equal(recorded.size, 8)
  for (const [command, hex] of recorded) {
    t.same(essence(ours(command)), essence(Buffer.from(hex, 'hex')), `ip link ${command}`)
  }
})

t.test('what is ordered is read back', async t => {
  const seen = (write: Write) => {
    const bytes = written(make, write)
    return messagesIn(bytes, bytes.length).map(readLink)
  }
  t.match(seen(newVlan({ name: 'eth1.7' }, 3, 7)), [{ name: 'eth1.7', kind: 'vlan', vlanId: 7 }])
  const bond = { link: { name: 'b0' }, mode: 4, options: { numbers: {} }, primaryIndex: undefined }
  t.match(seen(newBond(bond)), [{ name: 'b0', kind: 'bond', bondMode: 4 }])
})

t.test('every option that can be told has a place in the message', async t => {
  t.same(Object.keys(bondNumbers).sort(), [...bondOptionNames].sort())
})
