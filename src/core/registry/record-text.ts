// Records as bytes and back. What was read here is well-formed, whoever wrote it; whether the registry may
// take it is judged by cluster-view.ts.

import { parseAddress } from '../address.ts'
import { parseRange } from '../address-range.ts'
import { formatCidr, parseCidr } from '../cidr.ts'
import { messageOf } from '../error-text.ts'
import { Fields, isObject, show } from '../fields.ts'
import type { Assertion, Foreign, Joining, Proposal, RegistryRecord } from './record.ts'

/** Some 200 nodes that join at once fit. */
export const recordBytesMax = 64 * 1024

/** More holders make the first minutes no faster: space spreads by grants. */
export const holdersMax = 64

/** Counts of records, wire versions and members are stored and sent as 32 bits. */
const countMax = 2 ** 32 - 1

const nodeLengthMax = 253
const peerLengthMax = 128
const machineLengthMax = 128
const evidenceLengthMax = 4_096

/** A list of rubbish must not make a refusal longer than a message may be. */
const problemsShown = 8

const assertions: readonly Assertion[] = [
  'SELF',
  'OPERATOR',
  'NODE_DELETED',
  'OUT_OF_SERVICE',
  'CLOUD_TERMINATED'
]

export function formatRecord(record: RegistryRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record))
}

/** Fields that this release does not know are left out; what is wrong with the others is one sentence each. */
export function parseRecord(
  bytes: Uint8Array
): RegistryRecord | Foreign | { readonly problem: string } {
  if (bytes.length > recordBytesMax) {
    return { problem: `it has ${bytes.length} bytes; the limit is ${recordBytesMax}` }
  }
  const value = parseLine(bytes)
  if ('problem' in value) return value
  const { json } = value
  const type = isObject(json) ? json['type'] : undefined
  if (!isObject(json) || typeof type !== 'string') {
    return { problem: `${show(json)} is no object with a type` }
  }
  const fields = new Fields(type, json, [])
  const proposal = proposalOf(type, fields)
  if (proposal === undefined) return { type: 'Foreign' }
  const record = {
    ...proposal,
    author: text(fields, 'author', 1, nodeLengthMax),
    atMs: count(fields, 'atMs', 0, Number.MAX_SAFE_INTEGER)
  }
  if (fields.problems.length === 0) return record
  return { problem: fields.problems.slice(0, problemsShown).join('; ') }
}

function parseLine(bytes: Uint8Array): { readonly json: unknown } | { readonly problem: string } {
  if (bytes.includes(0x0a)) return { problem: 'it is more than one line' }
  try {
    const line = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { json: JSON.parse(line) as unknown }
  } catch (error) {
    return { problem: `it is no JSON in UTF-8 (${messageOf(error)})` }
  }
}

/** Undefined for a type that this release does not know. */
function proposalOf(type: string, fields: Fields): Proposal | undefined {
  switch (type) {
    case 'Genesis':
      return { type, cluster: name(fields, 'cluster') }
    case 'Join':
      return { type, members: joinings(fields) }
    case 'Remove': {
      const [incarnation, heir] = [name(fields, 'incarnation'), name(fields, 'heir')]
      const evidence = text(fields, 'evidence', 0, evidenceLengthMax)
      return { type, incarnation, heir, assertion: assertionOf(fields), evidence }
    }
    case 'RangeAdd':
      return { type, ...rangeOf(fields), holders: holders(fields) }
    case 'RangeDrain':
    case 'RangeKeep':
      return { type, ...rangeOf(fields) }
    case 'Resolve':
      return {
        type,
        domain: domain(fields),
        address: address(fields, 'address'),
        owner: name(fields, 'owner')
      }
    case 'Talk':
      return { type, incarnation: name(fields, 'incarnation'), wire: wireOf(fields) }
    case 'MinWire':
      return { type, version: count(fields, 'version', 1, countMax) }
    default:
      return undefined
  }
}

function joinings(fields: Fields): Joining[] {
  const members = fields.objects('members').map(member => ({
    incarnation: name(member, 'incarnation'),
    node: text(member, 'node', 1, nodeLengthMax),
    peer: text(member, 'peer', 1, peerLengthMax),
    machine: text(member, 'machine', 0, machineLengthMax),
    wire: wireOf(member)
  }))
  if (members.length === 0) fields.refuse('members', 'must be a list of at least one member')
  return members
}

function wireOf(member: Fields): { min: number; max: number } {
  const wire = member.object('wire')
  if (wire === undefined) {
    member.refuse('wire', 'must be the oldest and newest wire version, e.g. {"min":1,"max":1}')
    return { min: 0, max: 0 }
  }
  const [min, max] = [count(wire, 'min', 1, countMax), count(wire, 'max', 1, countMax)]
  if (max < min) member.refuse('wire', 'must not end before it starts')
  return { min, max }
}

function holders(fields: Fields): string[] {
  const entries = fields.texts('holders')
  for (const { path, value } of entries) {
    if (!isName(value)) fields.problems.push(`${path}: ${show(value)} ${nameRule}`)
  }
  const found = entries.map(({ value }) => value)
  if (found.length === 0 || found.length > holdersMax) {
    fields.refuse('holders', `must be a list of 1 to ${holdersMax} incarnations`)
  }
  if (new Set(found).size < found.length) {
    fields.refuse('holders', 'must name every holder only once')
  }
  return found
}

function rangeOf(fields: Fields): { domain: string; first: string; last: string } {
  const [first, last] = [address(fields, 'first'), address(fields, 'last')]
  if (first !== '' && last !== '') {
    const range = parseRange(`${first}-${last}`)
    if ('problem' in range) fields.refuse('last', `does not go with the first: ${range.problem}`)
  }
  return { domain: domain(fields), first, last }
}

/** One domain has one name, so the text must be the canonical one. */
function domain(fields: Fields): string {
  const value = fields.get('domain')
  const cidr = typeof value === 'string' ? parseCidr(value) : undefined
  if (cidr === undefined) fields.refuse('domain', 'must be a subnet in CIDR notation')
  else if ('problem' in cidr) fields.refuse('domain', `must be a subnet: ${cidr.problem}`)
  else if (formatCidr(cidr) !== value) fields.refuse('domain', `must be ${formatCidr(cidr)}`)
  return typeof value === 'string' ? value : ''
}

function address(fields: Fields, key: string): string {
  const value = fields.get(key)
  if (typeof value === 'string' && parseAddress(value) !== undefined) return value
  fields.refuse(key, 'must be an IP address')
  return ''
}

const nameRule = 'must be 32 hexadecimal digits in lower case'

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)
}

/** Of an incarnation or a cluster. */
function name(fields: Fields, key: string): string {
  const value = fields.get(key)
  if (isName(value)) return value
  fields.refuse(key, nameRule)
  return ''
}

function text(fields: Fields, key: string, least: number, most: number): string {
  const value = fields.get(key)
  if (typeof value === 'string' && value.length >= least && value.length <= most) return value
  fields.refuse(key, `must be a text of ${least} to ${most} characters`)
  return ''
}

function count(fields: Fields, key: string, least: number, most: number): number {
  const value = fields.get(key)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) {
    return value
  }
  fields.refuse(key, `must be an integer from ${least} to ${most}`)
  return 0
}

function assertionOf(fields: Fields): Assertion {
  const value = fields.get('assertion')
  const known = assertions.find(assertion => assertion === value)
  if (known === undefined) fields.refuse('assertion', `must be one of ${assertions.join(', ')}`)
  return known ?? 'OPERATOR'
}
