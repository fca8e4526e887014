// The settings of the coordinator as people write them, in a document or in a network configuration. Each mistake is
// a sentence that names key, value and what it may be.

import { type Address, familyOf, parseAddress } from '../address.ts'
import { type Cidr, parseCidr } from '../cidr.ts'
import { type Fields, show } from '../fields.ts'
import type { CoordinatorMode, CoordinatorWishes, PolicyRoute } from './settings.ts'

/** By the names that Spiderpool's users write. */
export const wishKeys = [
  ...['mode', 'tunePodRoutes', 'podDefaultRouteNIC', 'podDefaultCniNic', 'podMACPrefix'],
  ...['hijackCIDR', 'overlayPodCIDR', 'serviceCIDR', 'policyRoutes', 'podRPFilter'],
  ...['hostRuleTable', 'txQueueLen', 'vethLinkAddress', 'vethMTU']
] as const

const modes: Readonly<Record<string, CoordinatorMode>> = {
  auto: 'auto',
  underlay: 'underlay',
  overlay: 'overlay',
  disabled: 'disabled',
  // Spiderpool's plugin has it so, and its documents the other way.
  disable: 'disabled'
}

/** IFNAMSIZ of the kernel, less the terminating zero. */
const ifnameBytesMax = 15

/** Each is a route in every pod. */
const cidrsMax = 256

/** The kernel's own tables (linux/rtnetlink.h), which nothing else may be put into. */
const ownTables = [253, 254, 255]

/** What of the keys is there and right; the rest is in the problems of `fields`. */
export function readWishes(fields: Fields): CoordinatorWishes {
  return present({
    mode: readMode(fields),
    tunePodRoutes: fields.boolean('tunePodRoutes'),
    podDefaultRouteNic: readIfname(fields, 'podDefaultRouteNIC'),
    podDefaultCniNic: readIfname(fields, 'podDefaultCniNic'),
    podMacPrefix: readMacPrefix(fields),
    hijackCidrs: readCidrs(fields, 'hijackCIDR'),
    overlayPodCidrs: readCidrs(fields, 'overlayPodCIDR'),
    serviceCidrs: readCidrs(fields, 'serviceCIDR'),
    policyRoutes: readPolicyRoutes(fields),
    podRpFilter: readRpFilter(fields),
    hostRuleTable: readTable(fields),
    txQueueLen: readNumber(fields, 'txQueueLen', 0, 1_000_000),
    vethLinkAddress: readVethAddress(fields),
    // RFC 791: what every IPv4 host must take; 65,535 is the kernel's most for a veth.
    vethMtu: readNumber(fields, 'vethMTU', 68, 65_535)
  })
}

type Loose<Wishes> = { readonly [Key in keyof Wishes]: Wishes[Key] | undefined }

function present(wishes: Loose<Required<CoordinatorWishes>>): CoordinatorWishes {
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined))
}

function readMode(fields: Fields): CoordinatorMode | undefined {
  const sentence = 'must be auto, underlay, overlay or disabled'
  const text = optionalText(fields, 'mode', sentence)
  if (text === undefined) return undefined
  const mode = Object.hasOwn(modes, text) ? modes[text] : undefined
  if (mode === undefined) fields.refuse('mode', sentence)
  return mode
}

function readIfname(fields: Fields, key: string): string | undefined {
  const sentence = `must be the name of an interface of the pod, at most ${ifnameBytesMax} bytes`
  const text = optionalText(fields, key, sentence)
  if (text === undefined || /^[^\s/:]{1,15}$/u.test(text)) return text
  return void fields.refuse(key, sentence)
}

/** The first byte must not be that of a group (IEEE 802, the lowest bit). */
function readMacPrefix(fields: Fields): string | undefined {
  const sentence = 'must be two bytes of a hardware address that is nobody else’s, like 0a:1b'
  const text = optionalText(fields, 'podMACPrefix', sentence)
  if (text === undefined) return undefined
  if (/^[0-9a-f][02468ace][:-][0-9a-f]{2}$/i.test(text)) {
    return text.toLowerCase().replace('-', ':')
  }
  return void fields.refuse('podMACPrefix', sentence)
}

function readCidrs(fields: Fields, key: string): readonly Cidr[] | undefined {
  if (fields.get(key) === undefined) return undefined
  const entries = fields.texts(key)
  if (entries.length > cidrsMax) fields.refuse(key, `has more than ${cidrsMax} subnets`)
  return entries.slice(0, cidrsMax).flatMap(({ path, value }) => {
    const cidr = parseCidr(value.trim())
    if ('problem' in cidr) fields.problems.push(`${path}: ${cidr.problem}`)
    else if (cidr.prefix === 0) fields.problems.push(`${path}: "${value}" is the default route`)
    else return [cidr]
    return []
  })
}

function readPolicyRoutes(fields: Fields): readonly PolicyRoute[] | undefined {
  if (fields.get('policyRoutes') === undefined) return undefined
  return fields.objects('policyRoutes').flatMap(route => {
    const destination = parseCidr(route.text('dst', 'must be a subnet') ?? '')
    const gateway = parseAddress(route.text('gw', 'must be an IP address') ?? '')
    if ('problem' in destination) route.refuse('dst', 'must be a subnet, like 10.9.0.0/16')
    else if (gateway === undefined) route.refuse('gw', 'must be an IP address')
    else if (familyOf(gateway) !== destination.family) {
      route.refuse('gw', `must be IPv${destination.family}, as dst is`)
    } else return [{ destination, gateway }]
    return []
  })
}

function readRpFilter(fields: Fields): -1 | 0 | 1 | 2 | undefined {
  const sentence = 'must be 0, 1 or 2, or negative to leave it as it is'
  const value = fields.integer('podRPFilter', sentence)
  if (value === undefined || value === 0 || value === 1 || value === 2) return value
  return value < 0 ? -1 : void fields.refuse('podRPFilter', sentence)
}

function readTable(fields: Fields): number | undefined {
  const table = readNumber(fields, 'hostRuleTable', 1, 2 ** 31 - 1)
  if (table === undefined || !ownTables.includes(table)) return table
  return void fields.refuse('hostRuleTable', 'is a table of the kernel; take another one')
}

function readNumber(fields: Fields, key: string, from: number, to: number): number | undefined {
  const sentence = `must be a whole number from ${from} to ${to}`
  const value = fields.integer(key, sentence)
  if (value === undefined || (value >= from && value <= to)) return value
  return void fields.refuse(key, sentence)
}

function readVethAddress(fields: Fields): Address | undefined {
  const sentence = 'must be an IPv4 address, like 169.254.100.1'
  const text = optionalText(fields, 'vethLinkAddress', sentence)
  if (text === undefined) return undefined
  const address = parseAddress(text.replace(/\/32$/, ''))
  if (address !== undefined && familyOf(address) === 4) return address
  return void fields.refuse('vethLinkAddress', sentence)
}

/** In Spiderpool's documents an empty text is as absent. */
function optionalText(fields: Fields, key: string, sentence: string): string | undefined {
  const value = fields.get(key)
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string') return value
  fields.problems.push(`${fields.pathOf(key)}: ${show(value)} ${sentence}`)
  return undefined
}
