// The mark table in the kernel, by nfnetlink (linux/netfilter/nfnetlink.h): all of it in one transaction, without a
// program or a library that would read it as text first.

import { isRefusal } from '../netlink/kernel-refusal.ts'
import { flags, type MessageWriter } from '../netlink/message-writer.ts'
import type { NetlinkSocket } from '../netlink/netlink-socket.ts'
import type { MarkTable } from '../view.ts'
import type { Expression } from './expressions.ts'
import { type Chain, markChains, priority, tableName } from './mark-rules.ts'

/** NFNL_MSG_BATCH_*, and the number of nftables among the parts of netfilter. */
const [batchBegin, batchEnd] = [0x10, 0x11]
export const subsystem = 10
/** NFT_MSG_*. */
export const nftMessages = {
  newTable: 0,
  getTable: 1,
  deleteTable: 2,
  newChain: 3,
  getChain: 4,
  newRule: 6,
  getRule: 7
} as const
/** NFPROTO_INET: both families. */
const inet = 1
/** struct nfgenmsg: family, version, and in a batch the part of netfilter that it is for. */
export const genBytes = 4

type Sequence = () => number

/** Bring about exactly this table. Throws `KernelRefusal`. */
export function putMarks(socket: NetlinkSocket, marks: MarkTable): void {
  try {
    socket.transact((message, next) =>
      batch(message, next, () => writeTable(message, next, marks, flags.exclusive))
    )
  } catch (error) {
    if (!isRefusal(error, 'EEXIST')) throw error
    socket.transact((message, next) =>
      batch(message, next, () => {
        // A delete that finds the table, since within the transaction there is one.
        write(message, nftMessages.deleteTable, next, 0, () => message.text(1, tableName))
        writeTable(message, next, marks, 0)
      })
    )
  }
}

export function deleteMarks(socket: NetlinkSocket): void {
  try {
    socket.transact((message, next) =>
      batch(message, next, () =>
        write(message, nftMessages.deleteTable, next, flags.acknowledge, () =>
          message.text(1, tableName)
        )
      )
    )
  } catch (error) {
    if (!isRefusal(error, 'ENOENT')) throw error
  }
}

function writeTable(
  message: MessageWriter,
  next: Sequence,
  marks: MarkTable,
  tableFlags: number
): void {
  write(message, nftMessages.newTable, next, flags.create | tableFlags, () => {
    message.text(1, tableName)
    message.u32be(2, 0)
  })
  const chains = markChains(marks)
  for (const chain of chains) writeChain(message, next, chain)
  for (const [i, chain] of chains.entries()) {
    for (const [j, rule] of chain.rules.entries()) {
      const isLast = i === chains.length - 1 && j === chain.rules.length - 1
      writeRule(message, next, chain, rule, isLast)
    }
  }
}

function writeChain(message: MessageWriter, next: Sequence, chain: Chain): void {
  write(message, nftMessages.newChain, next, flags.create, () => {
    message.text(1, tableName)
    message.text(3, chain.name)
    message.nest(4, () => {
      message.u32be(1, chain.hook)
      message.u32be(2, priority >>> 0)
    })
    // NF_ACCEPT.
    message.u32be(5, 1)
    message.text(7, chain.type)
  })
}

function writeRule(
  message: MessageWriter,
  next: Sequence,
  chain: Chain,
  rule: readonly Expression[],
  isLast: boolean
): void {
  const acknowledge = isLast ? flags.acknowledge : 0
  write(message, nftMessages.newRule, next, flags.create | flags.append | acknowledge, () => {
    message.text(1, tableName)
    message.text(2, chain.name)
    message.nest(4, () => writeExpressions(message, rule))
  })
}

export function writeExpressions(message: MessageWriter, rule: readonly Expression[]): void {
  for (const expression of rule) {
    message.nest(1, () => {
      message.text(1, expression.name)
      message.nest(2, () => expression.write(message))
    })
  }
}

/** What lies between begin and end happens as a whole or not at all. */
function batch(message: MessageWriter, next: Sequence, writeAll: () => void): void {
  edge(message, batchBegin, next)
  writeAll()
  edge(message, batchEnd, next)
}

function edge(message: MessageWriter, type: number, next: Sequence): void {
  message.begin(type, 0, next())
  const at = message.room(genBytes)
  // In network order, unlike everything else in a fixed part.
  message.setU8(at + 3, subsystem)
  message.end()
}

function write(
  message: MessageWriter,
  type: number,
  next: Sequence,
  flagBits: number,
  attributes: () => void
): void {
  message.begin((subsystem << 8) | type, flagBits, next())
  writeGeneration(message)
  attributes()
  message.end()
}

export function writeGeneration(message: MessageWriter): void {
  message.setU8(message.room(genBytes), inet)
}
