// What a pod's annotations ask for: pools by interface or for any of them, routes, addresses by name. Their JSON
// is Spiderpool's, and what is wrong with it is said by annotation and key.

import { type Address, type Family, familyOf, parseAddress } from '../address.ts'
import type { Route } from '../attachment.ts'
import { formatCidr, parseCidr } from '../cidr.ts'
import { messageOf } from '../error-text.ts'
import { Fields, isObject, show } from '../fields.ts'
import { podKeys } from './annotation-keys.ts'
import type { Annotations } from './facts.ts'
import { isWildcard, wildcardOf } from './wildcard.ts'

/** Names of pools or wildcards, in the order to try; an empty list asks for no address of that family. */
export type PoolNames = Readonly<Record<Family, readonly string[]>>

export interface InterfaceWish {
  /** Absent in a list without names: then its entries are for the interfaces in the order of their ADDs. */
  readonly ifname?: string
  readonly pools: PoolNames
  readonly cleanGateway: boolean
}

export interface Wishes {
  /** `subnets`, or `subnet` for one interface: SpiderSubnets to reserve from, of each family the first that is named. */
  readonly subnets?: readonly InterfaceWish[]
  /** `ippools`: never empty, all named or none. */
  readonly interfaces?: readonly InterfaceWish[]
  /** `ippool`: for whichever interface asks. */
  readonly pools?: PoolNames
  /** Each with its next hop, which says on which interface it goes. */
  readonly routes: readonly Required<Route>[]
  /** `ips`: by interface, or under undefined for whichever asks. */
  readonly addresses: ReadonlyMap<string | undefined, readonly Address[]>
}

/** Far more than any list that people write, far less than what would cost time. */
const textBytesMax = 64 * 1024
const entriesMax = 256

/** Linux, dev_valid_name: at most 15 bytes, no slash, colon or space. */
const interfaceName = /^(?!\.{1,2}$)[^\s/:]{1,15}$/

/** Read all annotations of one pod; each problem is a sentence that begins with the annotation's name. */
export function readWishes(annotations: Annotations): Wishes | { readonly problems: string[] } {
  const problems: string[] = []
  const value = (key: string) => readJson(key, annotations[key], problems)
  const subnets = value(podKeys.subnets)
  const subnet = value(podKeys.subnet)
  const ippools = value(podKeys.ippools)
  const ippool = value(podKeys.ippool)
  const routes = value(podKeys.routes)
  const ips = value(podKeys.ips)
  const reserving = subnets !== undefined ? subnets : subnet === undefined ? undefined : [subnet]
  const reservingKey = subnets !== undefined ? podKeys.subnets : podKeys.subnet
  const wishes: Wishes = {
    ...(reserving !== undefined && { subnets: readSubnets(reservingKey, reserving, problems) }),
    ...(ippools !== undefined && {
      interfaces: readInterfaces(podKeys.ippools, ippools, problems)
    }),
    ...(ippool !== undefined && { pools: readPool(ippool, problems) }),
    routes: routes === undefined ? [] : readRoutes(routes, problems),
    addresses: ips === undefined ? new Map() : readAddresses(ips, problems)
  }
  return problems.length > 0 ? { problems } : wishes
}

/** A list of names in JSON, as namespaces have it. */
export function readNames(key: string, text: string): readonly string[] | { problems: string[] } {
  const problems: string[] = []
  const value = readJson(key, text, problems)
  if (problems.length > 0) return { problems }
  const names = namesOf(new Fields('', { [key]: value }, problems), key)
  if (problems.length === 0 && names.length === 0) problems.push(`${key}: names no pool`)
  return problems.length > 0 ? { problems: problems.map(text => text.replace(/^\./, '')) } : names
}

function readJson(key: string, text: string | undefined, problems: string[]): unknown {
  if (text === undefined) return undefined
  if (text.length > textBytesMax) return void problems.push(`${key}: is longer than 64 KiB`)
  try {
    return JSON.parse(text) ?? void problems.push(`${key}: is null; leave the annotation out`)
  } catch (error) {
    return void problems.push(`${key}: is no JSON: ${messageOf(error)}`)
  }
}

/** Without a name it is for eth0. No wildcards: which subnet it is must not change behind an application. */
function readSubnets(key: string, value: unknown, problems: string[]): InterfaceWish[] {
  const wishes = readInterfaces(key, value, problems)
  const names = wishes.flatMap(({ pools }) => [...pools[4], ...pools[6]])
  const wild = names.find(isWildcard)
  if (wild !== undefined)
    problems.push(`${key}: ${show(wild)} is no name; wildcards are not for subnets`)
  return wishes.length === 1 ? wishes.map(wish => ({ ifname: 'eth0', ...wish })) : wishes
}

function readInterfaces(key: string, value: unknown, problems: string[]): InterfaceWish[] {
  const wishes = objectsOf(key, value, problems).map(readInterface)
  const names = wishes.flatMap(({ ifname }) => ifname ?? [])
  if (names.length > 0 && names.length < wishes.length) {
    problems.push(`${key}: name the interface of every entry, or of none`)
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) problems.push(`${key}: names the interface ${show(twice)} twice`)
  return wishes
}

function readInterface(fields: Fields): InterfaceWish {
  fields.onlyKeys(['interface', 'ipv4', 'ipv6', 'cleangateway'])
  const ifname = readInterfaceName(fields)
  const cleanGateway = fields.boolean('cleangateway') ?? false
  return { ...(ifname !== undefined && { ifname }), pools: readPools(fields), cleanGateway }
}

function readInterfaceName(fields: Fields): string | undefined {
  const sentence = 'must be the name of an interface, like eth0'
  const name = fields.text('interface', sentence)
  if (name === undefined || interfaceName.test(name)) return name
  return void fields.refuse('interface', sentence)
}

function readPool(value: unknown, problems: string[]): PoolNames {
  const key = podKeys.ippool
  if (!isObject(value)) {
    problems.push(`${key}: ${show(value)} must be a map like {"ipv4": ["pool-a"]}`)
    return { 4: [], 6: [] }
  }
  const fields = new Fields(key, value, problems)
  fields.onlyKeys(['ipv4', 'ipv6'])
  return readPools(fields)
}

function readPools(fields: Fields): PoolNames {
  const before = fields.problems.length
  const pools = { 4: namesOf(fields, 'ipv4'), 6: namesOf(fields, 'ipv6') }
  if (pools[4].length + pools[6].length === 0 && fields.problems.length === before) {
    fields.problems.push(`${fields.pathOf('ipv4')}: neither it nor ipv6 names a pool`)
  }
  return pools
}

function namesOf(fields: Fields, key: string): string[] {
  const entries = fields.texts(key)
  if (entries.length > entriesMax) {
    fields.problems.push(`${fields.pathOf(key)}: has ${entries.length} entries; at most 256`)
  }
  for (const [i, { path, value }] of entries.entries()) {
    if (isWildcard(value) && wildcardOf(value) === undefined) {
      fields.problems.push(
        `${path}: ${show(value)} is no pattern: a class or an escape is not ended`
      )
    }
    if (entries.slice(0, i).some(earlier => earlier.value === value)) {
      fields.problems.push(`${path}: ${show(value)} is named twice`)
    }
  }
  return entries.map(({ value }) => value)
}

function readRoutes(value: unknown, problems: string[]): Required<Route>[] {
  return objectsOf(podKeys.routes, value, problems).flatMap(fields => {
    fields.onlyKeys(['dst', 'gw'])
    const dst = fields.text('dst', 'must be a destination, like 10.0.0.0/16')
    const gw = fields.text('gw', 'must be the address of the next hop')
    if (dst === undefined) fields.refuse('dst', 'must be a destination, like 10.0.0.0/16')
    if (gw === undefined) fields.refuse('gw', 'must be the address of the next hop')
    if (dst === undefined || gw === undefined) return []
    const cidr = parseCidr(dst)
    const hop = parseAddress(gw)
    if ('problem' in cidr) problems.push(`${fields.pathOf('dst')}: ${cidr.problem}`)
    if (hop === undefined) fields.refuse('gw', 'is no IP address')
    if ('problem' in cidr || hop === undefined) return []
    if (cidr.family !== familyOf(hop)) fields.refuse('gw', `must be IPv${cidr.family} like dst`)
    return [{ dst: formatCidr(cidr), gw }]
  })
}

function readAddresses(value: unknown, problems: string[]): Wishes['addresses'] {
  const key = podKeys.ips
  const found = new Map<string | undefined, readonly Address[]>()
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(`${key}: ${show(value)} must be a list like ["10.9.0.20"]`)
    return found
  }
  if (value.every(entry => typeof entry === 'string')) {
    found.set(undefined, addressesOf(new Fields('', { [key]: value }, problems), key))
    return found
  }
  for (const fields of objectsOf(key, value, problems)) {
    fields.onlyKeys(['interface', 'ips'])
    const ifname = readInterfaceName(fields)
    if (ifname === undefined) fields.refuse('interface', 'must be the name of an interface')
    else if (found.has(ifname)) fields.refuse('interface', 'is named twice')
    else found.set(ifname, addressesOf(fields, 'ips'))
  }
  return found
}

function addressesOf(fields: Fields, key: string): Address[] {
  return fields.texts(key).flatMap(({ path, value }) => {
    const address = parseAddress(value)
    if (address !== undefined) return [address]
    fields.problems.push(`${path.replace(/^\./, '')}: ${show(value)} is no IP address`)
    return []
  })
}

function objectsOf(key: string, value: unknown, problems: string[]): Fields[] {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(`${key}: ${show(value)} must be a list of maps with at least one entry`)
    return []
  }
  if (value.length > entriesMax) {
    problems.push(`${key}: has ${value.length} entries; at most ${entriesMax}`)
    return []
  }
  return value.flatMap((entry: unknown, i) => {
    if (isObject(entry)) return [new Fields(`${key}[${i}]`, entry, problems)]
    problems.push(`${key}[${i}]: ${show(entry)} must be a map of keys and values`)
    return []
  })
}
