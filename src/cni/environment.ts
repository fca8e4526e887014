// What the CNI_* variables say, parsed into a key. The plugin has checked them already; requests from the
// deletion queue and from other clients of the socket have nobody else to do it.

import { type AttachmentKey } from '../core/attachment.ts'
import { CniError, cniCodes } from './cni-error.ts'
import { excerpt } from './excerpt.ts'
import type { PluginRequest } from './plugin-request.ts'

const containerIdForm = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/

/** Those of runtimes have 64; it bounds what is kept of each attachment. ASCII, so bytes are characters. */
const containerIdBytesMax = 1024

/** IFNAMSIZ of the kernel, less the terminating zero. */
const ifnameBytesMax = 15

/** White space is Unicode's, as in the reference implementation; U+FFFD stands for bytes that are no UTF-8. */
const notInIfname = /[/:\p{White_Space}\uFFFD]/u

/** The key of a request in this network. Throws CniError 4 that names the variable. */
export function attachmentKey(
  request: Pick<PluginRequest, 'containerId' | 'ifname'>,
  network: string
): AttachmentKey {
  const { containerId, ifname } = request
  if (!containerIdForm.test(containerId) || containerId.length > containerIdBytesMax) {
    throw new CniError(
      cniCodes.badEnvironment,
      `environment: CNI_CONTAINERID "${excerpt(containerId)}" must start with a letter or digit and go on ` +
        `with letters, digits, _ . or -, at most ${containerIdBytesMax} bytes`
    )
  }
  const bytes = Buffer.byteLength(ifname)
  const isDots = ifname === '.' || ifname === '..'
  if (bytes === 0 || bytes > ifnameBytesMax || isDots || notInIfname.test(ifname)) {
    throw new CniError(
      cniCodes.badEnvironment,
      `environment: CNI_IFNAME "${excerpt(ifname)}" must be 1 to ${ifnameBytesMax} bytes without /, : or white space`
    )
  }
  return { network, containerId, ifname }
}
