// The network configuration that comes on stdin (CNI 1.1.0, "Section 1"), parsed once into what we use.

import { isUtf8 } from 'node:buffer'
import type { Family } from '../core/address.ts'
import type { DetectionWish } from '../core/detection.ts'
import { messageOf } from '../core/error-text.ts'
import { isObject, type Json } from '../core/fields.ts'
import { relevant } from '../core/selection/annotation-keys.ts'
import type { Annotations } from '../core/selection/facts.ts'
import { CniError, cniCodes } from './cni-error.ts'
import { type CniVersion, cniVersionDefault, cniVersions, isCniVersion } from './cni-version.ts'
import { excerpt } from './excerpt.ts'
import { booleanMember, member, objectMember, stringMember, stringsMember } from './json-members.ts'

export interface NetConf {
  readonly cniVersion: CniVersion
  readonly name: string
  /** All of it, for what only one verb needs. */
  readonly document: Json
}

/** What the `ipam` section says, and what runtimes put beside it. */
export interface IpamConf {
  /** The pools it names; absent when it names none. */
  readonly pools: Readonly<Record<Family, readonly string[]>> | undefined
  readonly cleanGateway: boolean
  /** How the link is asked before an address is given; `master` is the main plugin's interface of the host. */
  readonly link: { readonly master?: string; readonly detection: DetectionWish }
  /** With `match_master_subnet`: the PCI address of the device, else the name of the link. */
  readonly parent: { readonly device: string } | { readonly master: string } | undefined
  readonly runtimeIps: readonly string[] | undefined
  readonly argsIps: readonly string[] | undefined
  /** Of the pod, as the runtime passes them with the capability `io.kubernetes.cri.pod-annotations`. */
  readonly annotations: Annotations | undefined
}

/** As in the reference implementation; it is a part of keys and of file names. */
const networkName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/

/** Longer than anybody types; it bounds what is kept of each attachment. ASCII, so bytes are characters. */
const networkNameBytesMax = 1024

/** Throws CniError 6 or 7, or 1 for a version we do not speak. */
export function parseNetConf(conf: Buffer): NetConf {
  const document = parseObject(conf)
  return { name: nameOf(document), cniVersion: versionOf(document), document }
}

/** A DEL must work with a configuration that has changed since, so it looks at the name alone. */
export function parseNetworkName(conf: Buffer): string {
  return nameOf(parseObject(conf))
}

/** The version to answer in, for an error about a configuration that may be wrong anywhere. */
export function versionForErrors(conf: Buffer): CniVersion | undefined {
  try {
    return versionOf(parseObject(conf))
  } catch {
    return undefined
  }
}

function parseObject(conf: Buffer): Json {
  if (!isUtf8(conf)) {
    throw new CniError(cniCodes.undecodable, 'network configuration: not valid UTF-8')
  }
  let value: unknown
  try {
    value = JSON.parse(conf.toString('utf8'))
  } catch (error) {
    const reason = messageOf(error)
    throw new CniError(cniCodes.undecodable, 'network configuration: not valid JSON', reason)
  }
  if (isObject(value)) return value
  throw new CniError(cniCodes.undecodable, 'network configuration: not a JSON object')
}

function nameOf(document: Json): string {
  const name = stringMember(document, 'name', 'name') ?? ''
  if (name === '') throw invalid('name is missing')
  if (networkName.test(name) && name.length <= networkNameBytesMax) return name
  throw invalid(
    `name "${excerpt(name)}" must start with a letter or digit and go on with letters, digits, _ . or -, at most ${networkNameBytesMax} bytes`
  )
}

function versionOf(document: Json): CniVersion {
  const text = stringMember(document, 'cniversion', 'cniVersion') ?? ''
  if (text === '') return cniVersionDefault
  if (isCniVersion(text)) return text
  throw new CniError(
    cniCodes.incompatibleVersion,
    `network configuration: cniVersion "${excerpt(text)}" is not supported; supported are ${cniVersions.join(', ')}`
  )
}

/** Throws CniError 2, 6 or 7. `role` is the name that the plugin was executed by. */
export function parseIpamConf({ document }: NetConf, role: string): IpamConf {
  const ipam = objectMember(document, 'ipam', 'ipam')
  if (ipam === undefined) throw invalid('ipam is missing')
  const type = stringMember(ipam, 'type', 'ipam.type') ?? ''
  if (type !== role) {
    throw invalid(`ipam.type is "${excerpt(type)}", but it is ${role} that was executed`)
  }
  const runtime = objectMember(document, 'runtimeconfig', 'runtimeConfig') ?? {}
  const args = objectMember(document, 'args', 'args') ?? {}
  const ranges = member(runtime, 'ipranges')
  if (ranges !== undefined) {
    throw new CniError(
      cniCodes.unsupportedField,
      `runtimeConfig.ipRanges ${excerpt(JSON.stringify(ranges))} is not supported; ranges come from pools`
    )
  }
  return {
    pools: poolsOf(ipam),
    cleanGateway: booleanMember(ipam, 'clean_gateway', 'ipam.clean_gateway') ?? false,
    link: linkOf(document, ipam),
    parent: parentOf(document, ipam, runtime),
    runtimeIps: stringsMember(runtime, 'ips', 'runtimeConfig.ips'),
    argsIps: stringsMember(objectMember(args, 'cni', 'args.cni') ?? {}, 'ips', 'args.cni.ips'),
    annotations: annotationsOf(runtime)
  }
}

function linkOf(document: Json, ipam: Json): IpamConf['link'] {
  const conflict = booleanMember(ipam, 'detect_conflict', 'ipam.detect_conflict')
  const gateway = booleanMember(ipam, 'detect_gateway', 'ipam.detect_gateway')
  const master = member(document, 'master')
  return {
    ...(typeof master === 'string' && master !== '' && { master }),
    detection: {
      ...(conflict !== undefined && { conflict }),
      ...(gateway !== undefined && { gateway })
    }
  }
}

/** Multus puts the device of an SR-IOV resource at the top, runtimes with the capability below `runtimeConfig`. */
function parentOf(document: Json, ipam: Json, runtime: Json): IpamConf['parent'] {
  const where = 'ipam.match_master_subnet'
  if (booleanMember(ipam, 'match_master_subnet', where) !== true) return undefined
  const device =
    stringMember(document, 'deviceid', 'deviceID') ??
    stringMember(runtime, 'deviceid', 'runtimeConfig.deviceID')
  if (device !== undefined && device !== '') return { device }
  const { master } = linkOf(document, ipam)
  if (master !== undefined) return { master }
  throw invalid(`${where} needs a deviceID, which Multus passes for SR-IOV, or a master`)
}

function poolsOf(ipam: Json): Record<Family, readonly string[]> | undefined {
  const ipv4 = stringsMember(ipam, 'default_ipv4_ippool', 'ipam.default_ipv4_ippool') ?? []
  const ipv6 = stringsMember(ipam, 'default_ipv6_ippool', 'ipam.default_ipv6_ippool') ?? []
  return ipv4.length + ipv6.length === 0 ? undefined : { 4: ipv4, 6: ipv6 }
}

/** As CRI has them (containerd 1.5, CRI-O): a map of texts. What does not concern addresses is left out. */
function annotationsOf(runtime: Json): Annotations | undefined {
  const key = 'io.kubernetes.cri.pod-annotations'
  const map = objectMember(runtime, key, `runtimeConfig["${key}"]`)
  if (map === undefined) return undefined
  const texts = Object.entries(map).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string'
  )
  const found = relevant(Object.fromEntries(texts))
  return Object.keys(found).length > 0 ? found : undefined
}

function invalid(message: string): CniError {
  return new CniError(cniCodes.invalidConfig, `network configuration: ${message}`)
}
