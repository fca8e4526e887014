// The network namespace of a request, looked at before anything is done in it.

import type { Sandbox } from '../core/sandbox.ts'
import { beganAt } from './began.ts'
import { CniError, cniCodes } from './cni-error.ts'
import type { PluginRequest } from './plugin-request.ts'
import type { Surroundings } from './service.ts'

/** Throws CniError 8 that says what is wrong with CNI_NETNS. */
export function sandboxOf(request: PluginRequest, { probe, boot, clock }: Surroundings): Sandbox {
  const path = request.netns
  const seen = probe.see(path)
  const refuse = (what: string) =>
    new CniError(cniCodes.invalidNamespace, `the network namespace CNI_NETNS ${path} ${what}`)
  switch (seen.type) {
    case 'Namespace':
      return {
        path,
        began: beganAt(request.start, boot, clock),
        namespace: seen.id,
        witness: seen.witness
      }
    case 'Missing':
      throw refuse(
        'does not exist for orbweaverd: the sandbox is gone, or its directory is not mounted into the container of the daemon'
      )
    case 'NotNamespace':
      throw refuse('is no namespace')
    case 'Own':
      throw refuse('is that of the host, not of a pod')
    case 'Unreadable':
      throw refuse(`cannot be looked at by orbweaverd: ${seen.why}`)
  }
}
