// What container runtimes remember of the pods they have connected: libcni's cache, one file for each network
// interface of a pod, written after ADD and removed after DEL. Written by others, so nothing of it is believed
// before it is looked at.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Address, bitsOf, familyOf, parseAddress } from '../core/address.ts'
import { messageOf } from '../core/error-text.ts'
import { isObject, type Json } from '../core/fields.ts'
import { readBounded } from './bounded-file.ts'

const kind = 'cniCacheV1'
/** By these names the plugin is executed. */
const ipamTypes = new Set(['orbweaver', 'spiderpool'])

/** Many times what a node has pods; each file is a few kilobytes. */
const filesMax = 65_536
const fileBytesMax = 1024 * 1024
const addressesMax = 64

export interface CachedAddress {
  readonly address: Address
  readonly prefix: number
}

/** One interface of a pod whose addresses came from here. */
export interface CachedResult {
  readonly network: string
  readonly containerId: string
  readonly ifname: string
  /** Where its namespace was; absent when nothing says so. */
  readonly netns?: string
  /** As CNI_ARGS. */
  readonly args: string
  /** The configuration as the plugin got it on its standard input. */
  readonly conf: Json
  /** The name that the plugin was executed by. */
  readonly role: string
  readonly addresses: readonly CachedAddress[]
  /** When ADD was over, in milliseconds since 1970. */
  readonly writtenMs: number
}

export interface ResultCache {
  readonly results: readonly CachedResult[]
  /** What could not be read or understood, a sentence each. */
  readonly problems: readonly string[]
}

/** Read the cache of one directory; its results lie in a directory `results` in it. */
export async function readResultCache(
  cacheDir: string
): Promise<ResultCache | { readonly unreadable: string }> {
  const directory = join(cacheDir, 'results')
  let names: string[]
  try {
    names = (await readdir(directory)).sort()
  } catch (error) {
    return { unreadable: messageOf(error) }
  }
  if (names.length > filesMax) {
    return { unreadable: `${directory} has ${names.length} files; ${filesMax} are the most` }
  }
  const results: CachedResult[] = []
  const problems: string[] = []
  for (const name of names) {
    const path = join(directory, name)
    try {
      const { bytes, modifiedMs } = await readBounded(path, fileBytesMax)
      const parsed = parseCachedResult(bytes, modifiedMs)
      if (parsed === undefined) continue
      if ('problem' in parsed) problems.push(`${path}: ${parsed.problem}`)
      else results.push(parsed)
    } catch (error) {
      problems.push(`${path}: ${messageOf(error)}`)
    }
  }
  return { results, problems }
}

/** Undefined when the addresses are not from here. Never throws. */
export function parseCachedResult(
  bytes: Buffer,
  writtenMs: number
): CachedResult | { readonly problem: string } | undefined {
  const content = parseJson(bytes.toString('utf8'))
  if (content === undefined) return { problem: 'is no JSON object' }
  if (content['kind'] !== kind) return undefined
  const list = parseJson(Buffer.from(textOf(content['config']) ?? '', 'base64').toString('utf8'))
  if (list === undefined) return { problem: 'config is no JSON object in base64' }
  const conf = delegating(list, content['capabilityArgs'])
  if (conf === undefined) return undefined
  const [network, containerId, ifname] = ['networkName', 'containerId', 'ifName'].map(name =>
    textOf(content[name])
  )
  if (network === undefined || containerId === undefined || ifname === undefined) {
    return { problem: 'networkName, containerId and ifName must be texts' }
  }
  const { result } = content
  if (!isObject(result)) return { problem: 'result is no object' }
  const addresses = addressesOf(result)
  if (addresses.length > addressesMax) return { problem: 'result has too many addresses' }
  const netns = textOf(content['netns']) ?? sandboxOf(result, ifname)
  return {
    ...{ network, containerId, ifname, addresses, writtenMs, ...conf },
    args: argsOf(content['cniArgs']),
    ...(netns !== undefined && { netns })
  }
}

/** The plugin of a list, or the single one, that has its addresses from here. */
function delegating(list: Json, given: unknown): { conf: Json; role: string } | undefined {
  const { name, cniVersion } = list
  const plugins = Array.isArray(list['plugins']) ? (list['plugins'] as unknown[]) : [list]
  for (const plugin of plugins) {
    if (!isObject(plugin) || !isObject(plugin['ipam'])) continue
    const role = textOf(plugin['ipam']['type'])
    if (role === undefined || !ipamTypes.has(role)) continue
    const runtimeConfig = capabilities(plugin['capabilities'], given)
    return { role, conf: { ...plugin, name, cniVersion, runtimeConfig } }
  }
  return undefined
}

/** A runtime gives a plugin only what it says that it can do. */
function capabilities(wanted: unknown, given: unknown): Json {
  if (!isObject(wanted) || !isObject(given)) return {}
  return Object.fromEntries(Object.entries(given).filter(([name]) => wanted[name] === true))
}

/** From version 0.3.0 on a list, before that one of each family. */
function addressesOf(result: Json): CachedAddress[] {
  const { ips, ip4, ip6 } = result
  const old = [ip4, ip6].map(one => isObject(one) && one['ip'])
  const all = Array.isArray(ips) ? ips.map(one => isObject(one) && one['address']) : old
  return all.flatMap(text => parsePrefixed(textOf(text) ?? ''))
}

function parsePrefixed(text: string): CachedAddress[] {
  const [host = '', length = '', ...rest] = text.split('/')
  const address = parseAddress(host)
  if (address === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return []
  const prefix = Number(length)
  return prefix > bitsOf(familyOf(address)) ? [] : [{ address, prefix }]
}

/** Older runtimes do not note the namespace, but most plugins say it of the interface they made. */
function sandboxOf({ interfaces }: Json, ifname: string): string | undefined {
  if (!Array.isArray(interfaces)) return undefined
  const inside = interfaces.filter(isObject).filter(one => textOf(one['sandbox']) !== undefined)
  return textOf((inside.find(one => one['name'] === ifname) ?? inside[0])?.['sandbox'])
}

function argsOf(pairs: unknown): string {
  if (!Array.isArray(pairs)) return ''
  const isText = (pair: unknown): pair is string[] =>
    Array.isArray(pair) && pair.every(part => typeof part === 'string')
  return pairs
    .filter(isText)
    .map(pair => pair.join('='))
    .join(';')
}

function parseJson(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
