// Addresses that somebody asked for by name. Of the channels for it the highest present one counts alone:
// runtimeConfig.ips, then args.cni.ips, then IP= in CNI_ARGS (CNI CONVENTIONS.md, "Dynamic Plugin specific Fields").

import { type Address, bitsOf, familyOf, parseAddress } from '../core/address.ts'
import type { CniArgs } from './cni-args.ts'
import { type CniCode, CniError, cniCodes } from './cni-error.ts'
import { excerpt } from './excerpt.ts'
import type { IpamConf } from './net-conf.ts'

/** More addresses than any interface sensibly asks for; each is a row and a question to a subnet. */
const requestedMax = 32

/** Throws CniError 4 or 7 for what is no address. A prefix length is allowed and ignored. */
export function requestedAddresses(conf: IpamConf, args: CniArgs): readonly Address[] {
  const { runtimeIps = [], argsIps = [] } = conf
  if (runtimeIps.length > 0) {
    return parseAll(runtimeIps, cniCodes.invalidConfig, 'runtimeConfig.ips')
  }
  if (argsIps.length > 0) return parseAll(argsIps, cniCodes.invalidConfig, 'args.cni.ips')
  return parseAll(args.ips ?? [], cniCodes.badEnvironment, 'CNI_ARGS IP')
}

function parseAll(texts: readonly string[], code: CniCode, where: string): readonly Address[] {
  if (texts.length > requestedMax) {
    throw new CniError(code, `${where} asks for ${texts.length} addresses; at most ${requestedMax}`)
  }
  const addresses = new Set<Address>()
  for (const text of texts) {
    const [host = '', prefix, ...rest] = text.trim().split('/')
    const address = parseAddress(host)
    if (address === undefined || rest.length > 0 || !isPrefix(prefix, address)) {
      throw new CniError(code, `${where}: "${excerpt(text)}" is no IP address`)
    }
    addresses.add(address)
  }
  return [...addresses]
}

function isPrefix(text: string | undefined, address: Address): boolean {
  if (text === undefined) return true
  return /^\d{1,3}$/.test(text) && Number(text) <= bitsOf(familyOf(address))
}
