// Rules that choose a table as messages (linux/fib_rules.h).

import type { Family } from '../../core/address.ts'
import type { Cidr } from '../../core/cidr.ts'
import type { Rule, RuleAction } from '../view.ts'
import { familyCodes, familyFromCode, subnetOfFamily } from './family-codes.ts'
import { attributesAfter, type Message } from './message-reader.ts'
import type { Write } from './netlink-socket.ts'

/** RTM_*RULE. */
export const ruleMessages = { put: 32, delete: 33, get: 34 } as const

/** struct fib_rule_hdr: family, prefix lengths of destination and source, tos, table, nothing, action, flags. */
const fixedBytes = 12

/** FRA_*. */
const fra = {
  destination: 1,
  source: 2,
  priority: 6,
  mark: 10,
  suppressPrefix: 14,
  table: 15,
  mask: 16,
  pad: 18,
  protocol: 21
} as const

/** FR_ACT_*, in their order. */
const actions: readonly (RuleAction | undefined)[] = [
  undefined,
  'lookup',
  'goto',
  'nop',
  undefined,
  undefined,
  'blackhole',
  'unreachable',
  'prohibit'
]

/** FIB_RULE_INVERT. */
const inverted = 2
const allBits = 0xffff_ffff
const known: ReadonlySet<number> = new Set(Object.values(fra))

export function askForRules(family: Family): Write {
  return message => message.setU8(message.room(fixedBytes), familyCodes[family])
}

export function readRule(message: Message): Rule | undefined {
  if (message.type !== ruleMessages.put) return undefined
  const attributes = attributesAfter(message, fixedBytes)
  const { buffer, start } = message
  const family = familyFromCode(buffer.readUInt8(start))
  const action = actions[buffer.readUInt8(start + 7)]
  if (family === undefined || action === undefined) return undefined
  const cidr = (type: number, prefix: number): Cidr | undefined => {
    const bytes = attributes.bytes(type)
    return bytes && subnetOfFamily(bytes, prefix, family)
  }
  const to = cidr(fra.destination, buffer.readUInt8(start + 1))
  const from = cidr(fra.source, buffer.readUInt8(start + 2))
  const value = attributes.u32(fra.mark) ?? 0
  const mask = attributes.u32(fra.mask) ?? (value === 0 ? 0 : allBits)
  const isStrange =
    buffer.readUInt8(start + 3) !== 0 ||
    (buffer.readUInt32LE(start + 8) & inverted) !== 0 ||
    (attributes.u32(fra.suppressPrefix) ?? allBits) !== allBits ||
    attributes.hasOtherThan(known)
  return {
    family,
    priority: attributes.u32(fra.priority) ?? 0,
    action,
    table: attributes.u32(fra.table) ?? buffer.readUInt8(start + 4),
    protocol: attributes.u8(fra.protocol) ?? 0,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(mask !== 0 && { mark: { value, mask } }),
    isPartial: isStrange
  }
}

export function writeRule(rule: Rule): Write {
  const { family, from, to, mark } = rule
  return message => {
    const at = message.room(fixedBytes)
    message.setU8(at, familyCodes[family])
    message.setU8(at + 1, to?.prefix ?? 0)
    message.setU8(at + 2, from?.prefix ?? 0)
    message.setU8(at + 7, actions.indexOf(rule.action))
    message.u32(fra.priority, rule.priority)
    if (rule.action === 'lookup') message.u32(fra.table, rule.table)
    message.u8(fra.protocol, rule.protocol)
    if (from !== undefined) message.address(fra.source, from.range.start, family)
    if (to !== undefined) message.address(fra.destination, to.range.start, family)
    if (mark === undefined) return
    message.u32(fra.mark, mark.value)
    message.u32(fra.mask, mark.mask)
  }
}
