// Errors as the specification has them (CNI 1.1.0, "Error"), and the codes of our own.

import { type CniVersion, cniVersionLatest } from './cni-version.ts'

export const cniCodes = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  badEnvironment: 4,
  io: 5,
  undecodable: 6,
  invalidConfig: 7,
  invalidNamespace: 8,
  tryAgain: 11,
  unavailable: 50,
  unavailableAndPodsAffected: 51,
  addressTaken: 101,
  noPoolFits: 102,
  addressConflict: 103,
  gatewayUnreachable: 104,
  poolExhausted: 110,
  holderUnreachable: 111,
  notServing: 113,
  poolUnreachable: 116,
  attachmentDiffers: 120,
  coordinationFailed: 130,
  coordinationDiffers: 131,
  internal: 999
} as const

export type CniCode = (typeof cniCodes)[keyof typeof cniCodes]

/** What the runtime is told. `message` is stable text, since kubelet groups events by it. */
export class CniError extends Error {
  readonly code: CniCode
  readonly details: string | undefined

  constructor(code: CniCode, message: string, details?: string) {
    super(message)
    this.name = 'CniError'
    this.code = code
    this.details = details
  }

  /** The document for stdout. */
  toJson(cniVersion: CniVersion = cniVersionLatest): string {
    const { code, message: msg, details } = this
    return JSON.stringify({ cniVersion, code, msg, ...(details !== undefined && { details }) })
  }
}
