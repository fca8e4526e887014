// REAPER: attachments whose namespace is gone.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { Attachment } from '../../core/attachment.ts'
import type { Census, SandboxSighting } from '../../core/sandbox.ts'

export interface ReapTick {
  readonly type: 'ReapTick'
}

/** To itself: the attachments of a round and what is seen of their namespaces. */
export interface SandboxesSighted {
  readonly type: 'SandboxesSighted'
  readonly attachments: readonly Attachment[]
  readonly sightings: readonly SandboxSighting[]
  /** Texts of the keys of pods that are over by what is told of them. */
  readonly over: ReadonlySet<string>
  /** When some pods may be over though their sandboxes stand. */
  readonly census?: Census | undefined
}

export type ReaperMessage = ReapTick | SandboxesSighted
