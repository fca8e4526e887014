// Results and errors of plugins, decoded with the rules of libcni: what it overlooks is overlooked here,
// and what makes it fail fails here.

import { isIP } from 'node:net'
import { describeEnd, type Execution } from './execute.ts'
import type { JsonObject } from './netconf.ts'

export interface ResultIp {
  readonly address: string
  readonly gateway?: string
  readonly version?: string
  readonly interface?: number
}

export interface ResultRoute {
  readonly dst: string
  readonly gw?: string
}

export interface LegacyIp {
  readonly ip: string
  readonly gateway?: string
  readonly routes?: readonly ResultRoute[]
}

/** All members of all versions; which of them may be there is what the cases look at. */
export interface CniResult {
  readonly cniVersion: string
  readonly ip4?: LegacyIp
  readonly ip6?: LegacyIp
  readonly ips?: readonly ResultIp[]
  readonly routes?: readonly ResultRoute[]
  readonly interfaces?: readonly JsonObject[]
  readonly dns?: JsonObject
}

/** A plugin said no, or something else than it may. A code of 0: libcni found none. */
export class PluginFailure extends Error {
  readonly code: number
  readonly details: string
  readonly execution: Execution | undefined

  constructor(code: number, msg: string, details = '', execution?: Execution) {
    super(details === '' ? msg : `${msg}; ${details}`)
    this.name = 'PluginFailure'
    this.code = code
    this.details = details
    this.execution = execution
  }
}

/** What libcni makes of an execution that did not end with status 0. */
export function failureOf(execution: Execution): PluginFailure {
  const stdout = execution.stdout.toString()
  if (stdout === '') {
    const { stderr } = execution
    const text =
      stderr === ''
        ? `netplugin failed with no error message: ${describeEnd(execution)}`
        : `netplugin failed: ${JSON.stringify(stderr)}`
    return new PluginFailure(0, text, '', execution)
  }
  try {
    const { code = 0, msg = '', details = '' } = JSON.parse(stdout) as Partial<CniError>
    return new PluginFailure(code, msg, details, execution)
  } catch (error) {
    const text = `netplugin failed but error parsing its diagnostic message ${JSON.stringify(stdout)}: ${String(error)}`
    return new PluginFailure(0, text, '', execution)
  }
}

export interface CniError {
  readonly cniVersion?: string
  readonly code: number
  readonly msg: string
  readonly details?: string
}

const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']

/**
 * The result of an ADD. An absent version is filled in from the configuration; another one than that
 * of the configuration is believed, and the members that this version does not have are overlooked.
 */
export function decodeResult(stdout: string, confVersion: string): CniResult {
  let raw: unknown
  try {
    raw = JSON.parse(stdout) ?? {}
  } catch (error) {
    throw new PluginFailure(0, `failed to unmarshal raw result: ${String(error)}`)
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new PluginFailure(0, 'failed to unmarshal raw result: it is no object')
  }
  const said = (raw as { cniVersion?: unknown }).cniVersion
  const fallback = confVersion === '' ? '0.1.0' : confVersion
  const version = typeof said === 'string' && said !== '' ? said : fallback
  if (!versions.includes(version)) {
    throw new PluginFailure(0, `unsupported CNI result version "${version}"`)
  }
  const result = { ...raw, cniVersion: version } as CniResult
  for (const { address, gateway } of addressesIn(result)) {
    checkCidr(address)
    if (gateway !== undefined && gateway !== '' && isIP(gateway) === 0) {
      throw new PluginFailure(0, `invalid IP address: ${gateway}`)
    }
  }
  for (const { dst } of routesIn(result)) checkCidr(dst)
  return result
}

/** The addresses with their gateways, in the form of any version, in order. */
export function addressesIn(result: CniResult): readonly ResultIp[] {
  if (isLegacy(result.cniVersion)) {
    return [result.ip4, result.ip6].flatMap(legacy => {
      if (legacy === undefined) return []
      const { ip, gateway } = legacy
      return [{ address: ip, ...(gateway !== undefined && { gateway }) }]
    })
  }
  return result.ips ?? []
}

/** The addresses alone, without their prefixes. */
export function plainAddresses(result: CniResult): readonly string[] {
  return addressesIn(result).map(({ address }) => address.replace(/\/.*/, ''))
}

export function routesIn(result: CniResult): readonly ResultRoute[] {
  if (isLegacy(result.cniVersion)) {
    return [...(result.ip4?.routes ?? []), ...(result.ip6?.routes ?? [])]
  }
  return result.routes ?? []
}

export function isLegacy(version: string): boolean {
  return version === '' || version.startsWith('0.1') || version.startsWith('0.2')
}

function checkCidr(text: unknown): void {
  // What is no text at all is as wrong as a text that is no subnet.
  const [address = '', prefix, ...rest] = typeof text === 'string' ? text.split('/') : []
  const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1
  if (prefix === undefined || rest.length > 0 || !/^\d+$/.test(prefix) || Number(prefix) > bits) {
    throw new PluginFailure(0, `invalid CIDR address: ${JSON.stringify(text)}`)
  }
}
