// CHECK (CNI 1.1.0, "CHECK"): is the attachment still what ADD answered?

import { formatAddress, parseAddress } from '../core/address.ts'
import { type Attachment, type AttachmentKey, keyText } from '../core/attachment.ts'
import { CniError, cniCodes } from './cni-error.ts'
import { objectMember, objectsMember, stringMember } from './json-members.ts'
import type { NetConf } from './net-conf.ts'

/**
 * prevResult is the result of the whole list, so it may have more addresses and interfaces than ours; each
 * of ours must be among them. Throws CniError 3, 6, 7 or 120.
 */
export function assertPresent(
  attachment: Attachment | undefined,
  { document }: NetConf,
  key: AttachmentKey,
  node: string
): asserts attachment is Attachment {
  const prevResult = objectMember(document, 'prevresult', 'prevResult')
  if (prevResult === undefined) {
    throw new CniError(cniCodes.invalidConfig, 'network configuration: CHECK needs prevResult')
  }
  if (attachment === undefined) {
    throw new CniError(
      cniCodes.unknownContainer,
      `${keyText(key)} has no address on ${node}; it was deleted or never added`
    )
  }
  const told = new Set(
    (objectsMember(prevResult, 'ips', 'prevResult.ips') ?? []).map(entry => {
      const [host = ''] = (stringMember(entry, 'address', 'prevResult.ips.address') ?? '').split(
        '/'
      )
      return parseAddress(host)
    })
  )
  const missing = attachment.assignments.find(({ address }) => !told.has(address))
  if (missing === undefined) return
  throw new CniError(
    cniCodes.attachmentDiffers,
    `${keyText(key)} has ${formatAddress(missing.address)} on ${node}, which prevResult does not list`
  )
}
