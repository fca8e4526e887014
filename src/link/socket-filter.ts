// Which frames the kernel shows to a socket (BPF): ARP and neighbour discovery that may be about the addresses
// asked for. Without it every prober of a node would wake for the broadcasts of all others.

import { type Address, type Family, familyOf } from '../core/address.ts'
import type { ProbeTarget } from '../core/link/verdict.ts'

/** linux/bpf_common.h. */
const [loadWord, loadHalf, loadByte, ifEqual, ifAtLeast, give] = [0x20, 0x28, 0x30, 0x15, 0x35, 6]
const instructionBytes = 8

/** linux/filter.h: what the kernel knows of a frame beside its bytes. */
const [packetKind, hasVlanTag] = [0xfffff004, 0xfffff030]
/** linux/if_packet.h: from here on it goes to somebody else, or out. */
const toSomebodyElse = 3

/** Where things are, from the beginning of the frame. */
const [etherTypeAt, arpSenderAt, arpTargetAt] = [12, 28, 38]
const [nextHeaderAt, sourceEndAt, icmpTypeAt, targetEndAt] = [20, 34, 54, 74]
const [arp, ipv6, icmpv6, solicitation, advertisement] = [0x0806, 0x86dd, 58, 135, 136]

type Instruction = readonly [code: number, yes: number, no: number, value: number]

const drop: Instruction = [give, 0, 0, 0]
const accept: Instruction = [give, 0, 0, 0xffffffff]

/** As SO_ATTACH_FILTER takes it, the addresses compared by their last 32 bits. Frames with a VLAN tag are dropped. */
export function filterFor(targets: readonly ProbeTarget[]): Buffer {
  const arpPart = [
    ...[load(loadWord, arpSenderAt), ...acceptAny(namesOf(targets, 4))],
    ...[load(loadWord, arpTargetAt), ...acceptAny(addressesOf(targets, 4)), drop]
  ]
  const neighbourPart = [
    ...[load(loadByte, nextHeaderAt), ...dropUnless(ifEqual, icmpv6)],
    ...[load(loadByte, icmpTypeAt), ...dropUnless(ifAtLeast, solicitation)],
    ...dropIf(ifAtLeast, advertisement + 1),
    ...[load(loadWord, targetEndAt), ...acceptAny(namesOf(targets, 6))],
    ...[load(loadWord, sourceEndAt), ...acceptAny(namesOf(targets, 6)), drop]
  ]
  return encode([
    ...[load(loadWord, packetKind), ...dropIf(ifAtLeast, toSomebodyElse)],
    ...[load(loadWord, hasVlanTag), ...dropUnless(ifEqual, 0)],
    ...[load(loadHalf, etherTypeAt), [ifEqual, 0, arpPart.length, arp] as const],
    ...[...arpPart, ...dropUnless(ifEqual, ipv6), ...neighbourPart]
  ])
}

function addressesOf(targets: readonly ProbeTarget[], family: Family): number[] {
  return targets.flatMap(({ address }) => (familyOf(address) === family ? lastBits(address) : []))
}

/** The addresses and the gateways. */
function namesOf(targets: readonly ProbeTarget[], family: Family): number[] {
  const gateways = targets.flatMap(({ address, gateway }) =>
    gateway !== undefined && familyOf(address) === family ? lastBits(gateway) : []
  )
  return [...addressesOf(targets, family), ...gateways]
}

function lastBits(address: Address): number {
  return Number(address & 0xffff_ffffn)
}

function load(code: number, at: number): Instruction {
  return [code, 0, 0, at]
}

function acceptAny(values: readonly number[]): Instruction[] {
  return values.flatMap(value => [[ifEqual, 0, 1, value], accept] as const)
}

function dropIf(condition: number, value: number): Instruction[] {
  return [[condition, 0, 1, value], drop]
}

function dropUnless(condition: number, value: number): Instruction[] {
  return [[condition, 1, 0, value], drop]
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * instructionBytes)
  for (const [i, [code, yes, no, value]] of program.entries()) {
    const at = i * instructionBytes
    bytes.writeUInt16LE(code, at)
    bytes.writeUInt8(yes, at + 2)
    bytes.writeUInt8(no, at + 3)
    bytes.writeUInt32LE(value, at + 4)
  }
  return bytes
}
