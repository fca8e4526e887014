// The few instructions of nftables that marking takes (linux/netfilter/nf_tables.h), as libnftables sends them, so
// that `nft list ruleset` reads them back. Each moves a value into the one register, compares or changes it there,
// or puts it where packets and connections keep theirs.

import type { MessageWriter } from '../netlink/message-writer.ts'

/** Name and attributes of one instruction. */
export interface Expression {
  readonly name: string
  readonly write: (message: MessageWriter) => void
}

/** NFT_REG_1. */
const register = 1
/** NFTA_DATA_VALUE. */
const dataValue = 1
/** NFT_META_MARK, NFT_META_IIFNAME. */
const metaKeys = { mark: 3, incomingName: 6 } as const
/** NFT_CT_STATE, NFT_CT_DIRECTION, NFT_CT_MARK. */
const ctKeys = { state: 0, direction: 1, mark: 3 } as const
/** NFT_CMP_EQ, NFT_CMP_NEQ. */
const operators = { equal: 0, different: 1 } as const
/** IFNAMSIZ: names are compared with all of their zeros. */
const nameBytes = 16

export function loadMeta(key: keyof typeof metaKeys): Expression {
  return {
    name: 'meta',
    write: message => {
      message.u32be(2, metaKeys[key])
      message.u32be(1, register)
    }
  }
}

export function setMeta(key: keyof typeof metaKeys): Expression {
  return {
    name: 'meta',
    write: message => {
      message.u32be(2, metaKeys[key])
      message.u32be(3, register)
    }
  }
}

export function loadConnection(key: keyof typeof ctKeys): Expression {
  return {
    name: 'ct',
    write: message => {
      message.u32be(2, ctKeys[key])
      message.u32be(1, register)
    }
  }
}

export function setConnection(key: keyof typeof ctKeys): Expression {
  return {
    name: 'ct',
    write: message => {
      message.u32be(2, ctKeys[key])
      message.u32be(4, register)
    }
  }
}

export function compare(operator: keyof typeof operators, value: Uint8Array): Expression {
  return {
    name: 'cmp',
    write: message => {
      message.u32be(1, register)
      message.u32be(2, operators[operator])
      message.nest(3, () => message.bytes(dataValue, value))
    }
  }
}

/** The register becomes itself and `mask`, then exclusive-or `bits`. */
export function maskAndFlip(mask: number, bits: number): Expression {
  return {
    name: 'bitwise',
    write: message => {
      message.u32be(1, register)
      message.u32be(2, register)
      message.u32be(3, 4)
      message.u32be(6, 0)
      message.nest(4, () => message.bytes(dataValue, word(mask)))
      message.nest(5, () => message.bytes(dataValue, word(bits)))
    }
  }
}

/** Four bytes in the order of the machine, as marks and states lie in the register. */
export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}

export function linkName(name: string): Buffer {
  const bytes = Buffer.alloc(nameBytes)
  bytes.write(name)
  return bytes
}
