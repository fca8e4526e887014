// Looks at network namespaces: by file identity and from outside, but for the census.

import type { Census, FileId, Sandbox, SandboxSighting } from '../core/sandbox.ts'

export type Seen =
  | {
      readonly type: 'Namespace'
      readonly id: FileId
      readonly witness: NonNullable<Sandbox['witness']>
    }
  | { readonly type: 'Missing' }
  /** A file, a directory, something else that is no namespace. */
  | { readonly type: 'NotNamespace' }
  /** The namespace this daemon lives in, which is the host's. */
  | { readonly type: 'Own' }
  | { readonly type: 'Unreadable'; readonly why: string }

export interface SandboxProbe {
  /** What is at this path now. At once and without waiting: it is on the way of an ADD. */
  see(path: string): Seen

  /** What is at the places that vouch for these sandboxes now, in the same order. Never rejects. */
  sight(sandboxes: readonly Sandbox[]): Promise<readonly SandboxSighting[]>

  /** Who and what is in all of them. Costs a look at every process, so it is for the rare case. Never rejects. */
  census(): Promise<Census>
}
