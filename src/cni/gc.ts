// GC (CNI 1.1.0, "GC"): which attachments the runtime still knows.

import { keyText } from '../core/attachment.ts'
import type { Json } from '../core/fields.ts'
import { CniError, cniCodes } from './cni-error.ts'
import { objectsMember, stringMember } from './json-members.ts'
import type { NetConf } from './net-conf.ts'

/** The tagged text of the specification and its later reading name the same list differently. */
const listNames = ['cni.dev/valid-attachments', 'cni.dev/attachments'] as const

/**
 * Texts of the keys to keep: the union of both lists, and `null` is an empty list (Go's nil slice). Without
 * any list everything would be dropped by mistake: throws CniError 7.
 */
export function attachmentsToKeep({ name: network, document }: NetConf): ReadonlySet<string> {
  const present = listNames.filter(name => hasMember(document, name))
  if (present.length === 0) {
    throw new CniError(
      cniCodes.invalidConfig,
      `network configuration: GC needs ${listNames[0]}; without it nothing is released`
    )
  }
  const entries = present.flatMap(name => objectsMember(document, name, name) ?? [])
  return new Set(
    entries.map(entry => {
      const containerId = stringMember(entry, 'containerid', 'containerID')
      const ifname = stringMember(entry, 'ifname', 'ifname')
      // Read as an attachment that is not there, it would cost the one that was meant.
      if (containerId === undefined || ifname === undefined) {
        throw new CniError(
          cniCodes.invalidConfig,
          'network configuration: every attachment to keep needs containerID and ifname; nothing is released'
        )
      }
      return keyText({ network, containerId, ifname })
    })
  )
}

function hasMember(document: Json, name: string): boolean {
  return Object.keys(document).some(key => key.toLowerCase() === name)
}
