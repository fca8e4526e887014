// REAPER: attachments whose namespace is gone.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { Attachment } from '../../core/attachment.ts'
import type { SandboxSighting } from '../../core/sandbox.ts'

export interface ReapTick {
  readonly type: 'ReapTick'
}

/** To itself: the attachments of a round and what is seen of their namespaces. */
export interface SandboxesSighted {
  readonly type: 'SandboxesSighted'
  readonly attachments: readonly Attachment[]
  readonly sightings: readonly SandboxSighting[]
}

export type ReaperMessage = ReapTick | SandboxesSighted
