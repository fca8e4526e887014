// Is the mark table what it should be? Everything in it is read and compared, since whoever removes one rule of it
// breaks replies without anybody's noticing.

import { MessageWriter } from '../netlink/message-writer.ts'
import { Attributes, attributesAfter, type Message } from '../netlink/message-reader.ts'
import type { NetlinkSocket } from '../netlink/netlink-socket.ts'
import type { MarkState, MarkTable } from '../view.ts'
import type { Expression } from './expressions.ts'
import { type Chain, markChains, priority, tableName } from './mark-rules.ts'
import {
  genBytes,
  nftMessages,
  subsystem,
  writeExpressions,
  writeGeneration
} from './mark-table.ts'

/** A chain of the table with its rules, as texts that are equal when they do the same. */
interface ToldChain {
  readonly name: string
  readonly text: string
}

interface ToldRule {
  readonly chain: string
  readonly text: string
}

export function markState(socket: NetlinkSocket, wanted: MarkTable): MarkState {
  const tableFlags = readTable(socket)
  if (tableFlags === undefined) return { type: 'Absent' }
  if (tableFlags !== 0) return damaged('is dormant')
  const chains = readChains(socket)
  const rules = readRules(socket)
  const expected = expectedFor(wanted)
  for (const { name, type, hook, rules: wantedRules } of expected) {
    const told = chains.find(chain => chain.name === name)
    if (told === undefined) return damaged(`lacks the chain ${name}`)
    if (told.text !== chainText(type, hook, priority, 1)) {
      return damaged(`has a chain ${name} with another hook, priority or policy`)
    }
    const toldRules = rules.filter(rule => rule.chain === name)
    const isSame =
      toldRules.length === wantedRules.length &&
      wantedRules.every((text, i) => toldRules[i]?.text === text)
    if (!isSame) {
      return damaged(`has other rules in its chain ${name} than the ${wantedRules.length} of it`)
    }
  }
  const strange = chains.find(({ name }) => expected.every(chain => chain.name !== name))
  return strange === undefined ? { type: 'Intact' } : damaged(`has a chain ${strange.name} more`)
}

/** A chain as it has to be, its rules as texts. */
type ExpectedChain = Omit<Chain, 'rules'> & { readonly rules: readonly string[] }

/** Nearly always the same is wanted, so the last one is kept. */
let last: { readonly wanted: MarkTable; readonly chains: readonly ExpectedChain[] } | undefined

function expectedFor(wanted: MarkTable): readonly ExpectedChain[] {
  if (last?.wanted.link === wanted.link && last.wanted.mark === wanted.mark) return last.chains
  const chains = markChains(wanted).map(chain => ({ ...chain, rules: chain.rules.map(ruleText) }))
  last = { wanted, chains }
  return chains
}

function damaged(what: string): MarkState {
  return { type: 'Damaged', detail: `the nftables table inet ${tableName} ${what}` }
}

/** Its flags; undefined when there is no such table. */
function readTable(socket: NetlinkSocket): number | undefined {
  return socket.find(
    messageType(nftMessages.getTable),
    message => {
      writeGeneration(message)
      message.text(1, tableName)
    },
    answer => readU32(attributesAfter(answer, genBytes), 2) ?? 0,
    ['ENOENT']
  )
}

function readChains(socket: NetlinkSocket): readonly ToldChain[] {
  return socket.list(messageType(nftMessages.getChain), writeGeneration, (entry: Message) => {
    const chain = attributesAfter(entry, genBytes)
    if (chain.text(1) !== tableName) return undefined
    const hook = chain.nested(4)
    const text = chainText(
      chain.text(7) ?? '',
      hook === undefined ? -1 : (readU32(hook, 1) ?? -1),
      hook === undefined ? 0 : (readU32(hook, 2) ?? 0) | 0,
      readU32(chain, 5) ?? 0
    )
    return { name: chain.text(3) ?? '', text }
  })
}

function chainText(type: string, hook: number, itsPriority: number, policy: number): string {
  return `${type} ${hook} ${itsPriority} ${policy}`
}

function readRules(socket: NetlinkSocket): readonly ToldRule[] {
  return socket.list(
    messageType(nftMessages.getRule),
    message => {
      writeGeneration(message)
      message.text(1, tableName)
    },
    entry => {
      const rule = attributesAfter(entry, genBytes)
      if (rule.text(1) !== tableName) return undefined
      const expressions = rule.bytes(4)
      return {
        chain: rule.text(2) ?? '',
        text: expressions === undefined ? '' : textIn(expressions)
      }
    }
  )
}

/** What the kernel would be told, read in the same way as what it tells. */
function ruleText(rule: readonly Expression[]): string {
  const message = new MessageWriter(4_096)
  writeExpressions(message, rule)
  return textOf(Attributes.of(message.written))
}

/** Rules as they were told and read, so that what is told again, byte for byte, is not read again. */
const known = new Map<string, string>()
/** What the kernels at hand tell of our rules, and of some that somebody has damaged. */
const knownMax = 64

function textIn(expressions: Buffer): string {
  const bytes = expressions.toString('latin1')
  const before = known.get(bytes)
  if (before !== undefined) return before
  const text = textOf(Attributes.of(expressions))
  if (known.size >= knownMax) known.clear()
  known.set(bytes, text)
  return text
}

function textOf(expressions: Attributes): string {
  const texts: string[] = []
  for (const bytes of expressions.all(1)) {
    const expression = Attributes.of(bytes)
    const data = expression.nested(2)
    texts.push(`${expression.text(1)}(${data === undefined ? '' : attributeText(data)})`)
  }
  return texts.join(' ')
}

/** The kernel tells attributes in an order of its own. */
function attributeText(data: Attributes): string {
  return [...data.types()]
    .sort((a, b) => a - b)
    .map(type => `${type}:${valueText(data.bytes(type))}`)
    .join(',')
}

function valueText(bytes: Buffer | undefined): string {
  return bytes?.toString('hex') ?? ''
}

/** All numbers of nftables are in network order. */
function readU32(attributes: Attributes, type: number): number | undefined {
  const bytes = attributes.bytes(type)
  return bytes?.length === 4 ? bytes.readUInt32BE(0) : undefined
}

function messageType(type: number): number {
  return (subsystem << 8) | type
}
