// The network configuration of the coordinator, and what the plugins before it have done, both parsed once.

import { parseAddress } from '../core/address.ts'
import { parseCidr } from '../core/cidr.ts'
import type {
  PreviousResult,
  ResultAddress,
  ResultRoute
} from '../core/coordination/previous-result.ts'
import type { CoordinatorWishes } from '../core/coordination/settings.ts'
import { readWishes, wishKeys } from '../core/coordination/wishes-text.ts'
import { Fields, type Json } from '../core/fields.ts'
import { relevant } from '../core/selection/annotation-keys.ts'
import type { Annotations } from '../core/selection/facts.ts'
import { CniError, cniCodes } from './cni-error.ts'
import { excerpt } from './excerpt.ts'
import { member, members, objectMember, objectsMember, stringMember } from './json-members.ts'
import type { NetConf } from './net-conf.ts'

/** Throws CniError 7 that names every key that is wrong. */
export function parseCoordinatorConf({ document }: NetConf): CoordinatorWishes {
  const values = members(document, wishKeys)
  const fields = new Fields('coordinator', values, [])
  const wishes = readWishes(fields)
  if (fields.problems.length === 0) return wishes
  throw new CniError(cniCodes.invalidConfig, `network configuration: ${fields.problems.join('; ')}`)
}

/** All of what concerns us; undefined when the runtime passes none. */
export function podAnnotations({ document }: NetConf): Annotations | undefined {
  const key = 'io.kubernetes.cri.pod-annotations'
  const runtime = objectMember(document, 'runtimeconfig', 'runtimeConfig') ?? {}
  const map = objectMember(runtime, key, `runtimeConfig["${key}"]`)
  if (map === undefined) return undefined
  const texts = Object.entries(map).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string'
  )
  return relevant(Object.fromEntries(texts))
}

/** The document itself, as it will be printed again. Throws CniError 7 when there is none. */
export function previousDocument({ document }: NetConf): Json {
  const previous = objectMember(document, 'prevresult', 'prevResult')
  if (previous !== undefined) return previous
  throw new CniError(
    cniCodes.invalidConfig,
    'network configuration: the coordinator needs prevResult; put it behind the main plugin in a list, with cniVersion 0.3.0 or later'
  )
}

/** Throws CniError 6 for a wrong type and 7 for what is no address. */
export function parsePreviousResult(document: Json): PreviousResult {
  return {
    addresses: (objectsMember(document, 'ips', 'prevResult.ips') ?? []).map(addressOf),
    routes: (objectsMember(document, 'routes', 'prevResult.routes') ?? []).map(routeOf)
  }
}

function addressOf(entry: Json): ResultAddress {
  const text = stringMember(entry, 'address', 'prevResult.ips.address') ?? ''
  const [host = '', length = ''] = text.split('/')
  const address = parseAddress(host)
  const gateway = stringMember(entry, 'gateway', 'prevResult.ips.gateway') ?? ''
  if (address === undefined || !/^\d{1,3}$/.test(length)) throw invalid('ips.address', text)
  return { address, prefix: Number(length), ...gatewayOf(gateway, 'ips.gateway') }
}

function routeOf(entry: Json): ResultRoute {
  const text = stringMember(entry, 'dst', 'prevResult.routes.dst') ?? ''
  const destination = parseCidr(text)
  if ('problem' in destination) throw invalid('routes.dst', text)
  const gateway = stringMember(entry, 'gw', 'prevResult.routes.gw') ?? ''
  const numbers = ['mtu', 'advmss', 'priority', 'table', 'scope'].flatMap(name => {
    const value = member(entry, name)
    if (value === undefined) return []
    if (Number.isSafeInteger(value)) return [[name, value] as const]
    throw invalid(`routes.${name}`, JSON.stringify(value))
  })
  return { destination, ...gatewayOf(gateway, 'routes.gw'), ...Object.fromEntries(numbers) }
}

/** Go's plugins print an empty text where there is none. */
function gatewayOf(text: string, where: string) {
  if (text === '') return {}
  const gateway = parseAddress(text)
  if (gateway === undefined) throw invalid(where, text)
  return { gateway }
}

function invalid(where: string, value: string): CniError {
  return new CniError(
    cniCodes.invalidConfig,
    `network configuration: prevResult.${where} "${excerpt(value)}" cannot be read`
  )
}
