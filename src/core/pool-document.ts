// The documents SpiderIPPool, SpiderSubnet and SpiderReservedIP (spiderpool.spidernet.io/v2beta1) by field.

import {
  type Address,
  type Family,
  familyOf,
  formatAddress,
  ipv4Base,
  parseAddress,
  toAddress
} from './address.ts'
import { type AddressRange, parseRange, rangeContains } from './address-range.ts'
import { AddressSet } from './address-set.ts'
import type { Route } from './attachment.ts'
import { type Cidr, formatCidr, parseCidr } from './cidr.ts'
import type { DetectionWish } from './detection.ts'
import { dnsSubdomainRule, isDnsSubdomain } from './dns-name.ts'
import { Fields } from './fields.ts'
import { type IpPool, type PoolAffinity, type PoolSpec, poolOf, subnetPoolName } from './ip-pool.ts'
import { readLabelSelector, selectsEverything } from './label-selector.ts'

export interface PoolDocument {
  readonly kind: 'SpiderIPPool' | 'SpiderReservedIP' | 'SpiderSubnet'
  /** metadata.name, as it stands there. */
  readonly name: string
  readonly spec: Readonly<Record<string, unknown>>
  /** metadata.annotations, as they stand there. */
  readonly annotations?: Readonly<Record<string, unknown>>
  /** Where it stands, for people: "blue.yaml, document 2". */
  readonly source: string
  /** The path of the file it was read from; absent when it comes from no file. */
  readonly file?: string
}

export interface PoolProblem {
  readonly source: string
  /** metadata.name, when it is known whose problem it is. */
  readonly name?: string
  readonly problem: string
  /**
   * The path of a file or directory whose content is not fully known because of this problem. What
   * is in force from there stays in force: a pool that cannot be read is not a pool that is gone.
   */
  readonly unread?: string
}

/** One line for a log or a person. */
export function problemText({ source, name, problem }: PoolProblem): string {
  return name === undefined ? `${source}: ${problem}` : `${source} (${name}): ${problem}`
}

export interface Refused {
  /** One sentence each, naming key, value and what it may be; never empty. */
  readonly problems: readonly string[]
}

const specKeys = ['subnet', 'ipVersion', 'ips', 'excludeIPs', 'gateway', 'routes', 'default']
const affinityKeys = ['namespaceName', 'namespaceAffinity', 'podAffinity', 'nodeName']
const poolKeys = [...specKeys, 'disable', ...affinityKeys, 'nodeAffinity', 'multusName', 'vlan']
const subnetKeys = [
  'subnet',
  'ipVersion',
  'ips',
  'excludeIPs',
  'gateway',
  'routes',
  'vlan',
  'disable'
]
const reservedKeys = ['ipVersion', 'ips']

/** More would not be read by anybody; a list of 100,000 entries may be wrong in every one. */
const maxProblems = 20

/** Read a SpiderIPPool and take the reserved addresses away from it. */
export function parsePool(document: PoolDocument, reserved: AddressSet): IpPool | Refused {
  const spec = parsePoolSpec(document)
  return 'problems' in spec ? spec : poolOf(spec, reserved)
}

/** Read a SpiderIPPool or SpiderSubnet by itself. Costs the same for a /8 and a /64 as for a /24. */
export function parsePoolSpec({ kind, name, spec, annotations }: PoolDocument): PoolSpec | Refused {
  const problems: string[] = []
  const fields = new Fields('spec', spec, problems)
  checkName(name, problems)
  fields.onlyKeys(kind === 'SpiderSubnet' ? subnetKeys : poolKeys)
  const subnet = readSubnet(fields)
  readIpVersion(fields, subnet)
  // Spiderpool removed the field long ago; old files still have it and it never did anything here.
  fields.integer('vlan', 'must be an integer; it has no effect and can be left out')

  const ips = AddressSet.of(readRanges(fields, 'ips', subnet))
  const owned = ips.subtract(AddressSet.of(readRanges(fields, 'excludeIPs', subnet)))
  const gateway = readGateway(fields, owned, subnet)
  const routes = readRoutes(fields, subnet)
  const affinity = readAffinity(fields)
  const isDefault = fields.boolean('default') ?? false
  const isDisabled = fields.boolean('disable') ?? false
  const detection = readDetection(new Fields('metadata.annotations', annotations ?? {}, problems))
  if (problems.length > 0 || subnet === undefined) return refused(problems)
  const pool = { name, subnet, family: subnet.family, owned, routes, isDefault, isDisabled }
  return {
    ...pool,
    ...(fields.get('routes') === undefined && { inheritsRoutes: true }),
    ...(kind === 'SpiderSubnet' && { name: subnetPoolName(name), isSubnet: true }),
    ...(gateway !== undefined && { gateway }),
    ...(Object.keys(affinity).length > 0 && { affinity }),
    ...(Object.keys(detection).length > 0 && { detection })
  }
}

/** Read a SpiderReservedIP: addresses of one family that no pool may hand out. */
export function parseReserved({ name, spec }: PoolDocument): AddressSet | Refused {
  const problems: string[] = []
  const fields = new Fields('spec', spec, problems)
  checkName(name, problems)
  fields.onlyKeys(reservedKeys)
  const version = readIpVersion(fields, undefined)
  const ranges = readRanges(fields, 'ips', undefined, version)
  if (version === undefined && ranges.length === 0 && problems.length === 0) {
    fields.refuse('ips', 'must name at least one address')
  }
  return problems.length > 0 ? refused(problems) : AddressSet.of(ranges)
}

function refused(problems: readonly string[]): Refused {
  const rest = problems.length - maxProblems
  if (rest <= 0) return { problems }
  return { problems: [...problems.slice(0, maxProblems), `and ${rest} problems more`] }
}

function checkName(name: string, problems: string[]): void {
  if (isDnsSubdomain(name)) return
  problems.push(`metadata.name: "${name}" must be a DNS name: ${dnsSubdomainRule}`)
}

function readSubnet(fields: Fields): Cidr | undefined {
  const sentence = 'must be the subnet, like 10.6.0.0/16 or fd00:6::/64'
  if (fields.get('subnet') === undefined) return void fields.refuse('subnet', sentence)
  const text = fields.text('subnet', sentence)
  if (text === undefined) return undefined
  const subnet = parseCidr(text)
  if ('problem' in subnet) {
    fields.problems.push(`${fields.pathOf('subnet')}: ${subnet.problem}`)
    return undefined
  }
  if (subnet.family === 6 && rangeContains(subnet.range, toAddress(ipv4Base))) {
    // IPv4 lives there on our number line, and no one routes ::/80 or anything larger to pods.
    fields.refuse('subnet', 'holds ::ffff:0:0/96, which stands for IPv4; name a smaller subnet')
    return undefined
  }
  return subnet
}

function readIpVersion(fields: Fields, subnet: Cidr | undefined): Family | undefined {
  const version = fields.integer('ipVersion', 'must be 4 or 6')
  if (version === undefined) return undefined
  if (version !== 4 && version !== 6) return void fields.refuse('ipVersion', 'must be 4 or 6')
  if (subnet !== undefined && subnet.family !== version) {
    const is = `${formatCidr(subnet)}, which is IPv${subnet.family}`
    fields.refuse('ipVersion', `contradicts spec.subnet ${is}; it can be left out`)
  }
  return version
}

/** With neither a subnet nor a family given, the first range decides on the family of all. */
function readRanges(
  fields: Fields,
  key: string,
  subnet: Cidr | undefined,
  given: Family | undefined = subnet?.family
): AddressRange[] {
  let family = given
  return fields.texts(key).flatMap(({ path, value }) => {
    const range = parseRange(value)
    if ('problem' in range) {
      const hint = value.includes('/') ? '; subnets in CIDR notation are not allowed here' : ''
      fields.problems.push(`${path}: ${range.problem}${hint}`)
      return []
    }
    family ??= familyOf(range.start)
    if (familyOf(range.start) !== family) {
      fields.problems.push(`${path}: "${value}" must be IPv${family} like the rest`)
    } else if (subnet !== undefined && !isWithin(range, subnet)) {
      fields.problems.push(`${path}: "${value}" must lie inside spec.subnet ${formatCidr(subnet)}`)
    }
    return [range]
  })
}

function isWithin(range: AddressRange, { range: subnet }: Cidr): boolean {
  return range.start >= subnet.start && range.end <= subnet.end
}

function readGateway(
  fields: Fields,
  owned: AddressSet,
  subnet: Cidr | undefined
): Address | undefined {
  const gateway = readAddress(fields, 'gateway', subnet)
  if (gateway !== undefined && owned.has(gateway)) {
    fields.refuse('gateway', 'would be handed out, since it is in spec.ips; put it into excludeIPs')
  }
  return gateway
}

/** An address inside the subnet. */
function readAddress(fields: Fields, key: string, subnet: Cidr | undefined): Address | undefined {
  const text = fields.text(key, 'must be an IP address')
  if (text === undefined) return undefined
  const address = parseAddress(text)
  if (address === undefined) return void fields.refuse(key, 'must be an IP address')
  if (subnet !== undefined && !rangeContains(subnet.range, address)) {
    return void fields.refuse(key, `must lie inside spec.subnet ${formatCidr(subnet)}`)
  }
  return address
}

function readRoutes(fields: Fields, subnet: Cidr | undefined): Route[] {
  const seen = new Set<string>()
  return fields.objects('routes').flatMap(route => {
    route.onlyKeys(['dst', 'gw'])
    const dst = readDestination(route, subnet)
    const gw = readAddress(route, 'gw', subnet)
    if (route.get('gw') === undefined) route.refuse('gw', 'must be an address inside spec.subnet')
    if (dst !== undefined && seen.has(dst)) route.refuse('dst', 'has a route already')
    if (dst === undefined || gw === undefined) return []
    seen.add(dst)
    return [{ dst, gw: formatAddress(gw) }]
  })
}

function readDestination(route: Fields, subnet: Cidr | undefined): string | undefined {
  const sentence = 'must be a subnet, like 10.9.0.0/16'
  if (route.get('dst') === undefined) return void route.refuse('dst', sentence)
  const text = route.text('dst', sentence)
  if (text === undefined) return undefined
  const dst = parseCidr(text)
  if ('problem' in dst) return void route.problems.push(`${route.pathOf('dst')}: ${dst.problem}`)
  if (dst.prefix === 0) {
    return void route.refuse('dst', 'is the default route, which spec.gateway makes')
  }
  if (subnet !== undefined && dst.family !== subnet.family) {
    return void route.refuse('dst', `must be IPv${subnet.family} like spec.subnet`)
  }
  return formatCidr(dst)
}

/** Ours: Spiderpool has one switch for a whole cluster. */
function readDetection(annotations: Fields): DetectionWish {
  const wish: { conflict?: boolean; gateway?: boolean } = {}
  for (const name of ['conflict', 'gateway'] as const) {
    const key = `ipam.spidernet.io/detect-${name}`
    const value = annotations.get(key)
    if (value === 'true' || value === 'false') wish[name] = value === 'true'
    else if (value !== undefined) annotations.refuse(key, 'must be "true" or "false"')
  }
  return wish
}

function readAffinity(fields: Fields): PoolAffinity {
  const read: [string, unknown][] = []
  for (const key of ['podAffinity', 'namespaceAffinity', 'nodeAffinity']) {
    const part = fields.object(key)
    if (part === undefined) continue
    const before = fields.problems.length
    const selector = readLabelSelector(part)
    if (!selectsEverything(selector)) read.push([key, selector])
    else if (key === 'podAffinity' && fields.problems.length === before) {
      fields.refuse(key, 'must not be empty; leave it out when the pool is for all pods')
    }
  }
  for (const key of ['namespaceName', 'nodeName', 'multusName']) {
    const names = fields.texts(key).map(({ value }) => value)
    if (names.length > 0) read.push([key, names])
  }
  return Object.fromEntries(read)
}
