// Which link of the host a network's pods are to be made from, when that link is made on demand: a VLAN of an interface,
// a bond of several, or a VLAN of a bond. As people write it in a network configuration.

import { type Fields, show } from '../fields.ts'
import { bondModes, type BondOptions, readBondOptions } from './bond-options.ts'

export interface ParentWishes {
  /** One, or the links of the bond. */
  readonly interfaces: readonly string[]
  /** 1 to 4,094 (IEEE 802.1Q); absent: none. */
  readonly vlanId?: number
  /** Absent where there is one interface. */
  readonly bond?: BondWishes
}

export interface BondWishes {
  readonly name: string
  /** The place in `bondModes`. */
  readonly mode: number
  readonly options: BondOptions
}

/** By the names that Spiderpool's users write. */
export const parentKeys = ['interfaces', 'vlanID', 'bond'] as const

const bondNameDefault = 'sp_bond0'

/** The kernel has no limit; a bond of more is nobody's. */
const interfacesMax = 32

const linkName = /^[^\s/:]{1,15}$/u
const nameSentence = 'must be the name of an interface of the host, at most 15 bytes'

/** Undefined when something is wrong, which is in the problems of `fields`. */
export function readParentWishes(fields: Fields): ParentWishes | undefined {
  const interfaces = readInterfaces(fields)
  const vlanId = readVlanId(fields)
  const bond = readBond(fields, interfaces)
  const [first, second] = interfaces
  if (first !== undefined && second === undefined && bond !== undefined) {
    fields.refuse('bond', 'needs two interfaces or more')
  }
  if (second !== undefined && fields.get('bond') === undefined) {
    fields.problems.push(
      `${fields.pathOf('interfaces')}: ${interfaces.join(', ')} are to be a bond, which bond has to describe`
    )
  }
  const base = bond?.name ?? first
  if (base !== undefined && vlanId !== undefined && !linkName.test(vlanName(base, vlanId))) {
    fields.problems.push(
      `${fields.pathOf('vlanID')}: ${vlanName(base, vlanId)} would be the name, and has more than 15 bytes`
    )
  }
  if (fields.problems.length > 0) return undefined
  return { interfaces, ...(vlanId !== undefined && { vlanId }), ...(bond && { bond }) }
}

/** As main plugins name it as their `master`. */
export function vlanName(base: string, id: number): string {
  return `${base}.${id}`
}

function readInterfaces(fields: Fields): readonly string[] {
  const entries = fields.texts('interfaces')
  for (const [i, { path, value }] of entries.entries()) {
    if (!linkName.test(value)) fields.problems.push(`${path}: ${show(value)} ${nameSentence}`)
    else if (entries.findIndex(one => one.value === value) < i) {
      fields.problems.push(`${path}: ${show(value)} is there twice`)
    }
  }
  const value = fields.get('interfaces') ?? []
  if (Array.isArray(value) && value.length === 0) {
    fields.refuse('interfaces', 'must name an interface of the host')
  }
  if (entries.length > interfacesMax) {
    fields.problems.push(`${fields.pathOf('interfaces')}: there are more than ${interfacesMax}`)
  }
  return entries.map(({ value }) => value)
}

/** 0 is none, as in Spiderpool. */
function readVlanId(fields: Fields): number | undefined {
  const sentence = 'must be a whole number from 1 to 4094, or 0 for none'
  const id = fields.integer('vlanID', sentence)
  if (id === undefined || id === 0) return undefined
  return id > 0 && id <= 4_094 ? id : void fields.refuse('vlanID', sentence)
}

function readBond(fields: Fields, interfaces: readonly string[]): BondWishes | undefined {
  const bond = fields.object('bond')
  if (bond === undefined) return undefined
  bond.onlyKeys(['name', 'mode', 'options'])
  const name = bond.get('name') === '' ? undefined : bond.text('name', nameSentence)
  if (name !== undefined && !linkName.test(name)) bond.refuse('name', nameSentence)
  if (name !== undefined && interfaces.includes(name)) {
    bond.refuse('name', 'is one of the interfaces that are to be in it')
  }
  const text = bond.get('options') === '' ? '' : (bond.text('options', optionsSentence) ?? '')
  const { options, problems } = readBondOptions(text, interfaces)
  for (const problem of problems) bond.problems.push(`${bond.pathOf('options')}: ${problem}`)
  return { name: name ?? bondNameDefault, mode: readMode(bond), options }
}

const optionsSentence = 'must be a text like "miimon=100;xmit_hash_policy=layer3+4"'

function readMode(bond: Fields): number {
  const value = bond.get('mode') ?? 0
  const mode = bondModes.findIndex((word, number) => value === word || value === number)
  if (mode >= 0) return mode
  const words = bondModes.map((word, i) => `${i} (${word})`)
  bond.refuse('mode', `must be ${words.join(', ')}`)
  return 0
}
