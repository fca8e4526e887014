// Which life of which network namespace an attachment belongs to, and when we may call it over.

import type { Address } from './address.ts'
import { assert } from './assert.ts'

/** A moment in the life of a machine: nanoseconds of CLOCK_BOOTTIME within one boot. */
export interface Moment {
  /** /proc/sys/kernel/random/boot_id */
  readonly boot: string
  readonly ns: bigint
}

/**
 * Did `a` happen before `b`, where `current` is the boot id of now? Two moments of one boot compare by
 * their clock; of two boots, only the current one is known to be the later.
 */
export function isBefore(a: Moment, b: Moment, current: string): boolean {
  if (a.boot === b.boot) return a.ns < b.ns
  return a.boot !== current && b.boot === current
}

/** What identifies a file across names: its device and inode, as text. */
export type FileId = string

/**
 * The network namespace of an attachment as this node saw it at ADD. `namespace` is absent when the path
 * could not be seen; then nothing is ever concluded from its absence.
 */
export interface Sandbox {
  readonly path: string
  /** When the ADD began that made this attachment. */
  readonly began: Moment
  readonly namespace?: FileId
  /** The directory that vouches for the path: as long as it is the same one, a missing entry is a fact. */
  readonly witness?: { readonly path: string; readonly id: FileId }
}

/** What is found at the same places later. */
export interface SandboxSighting {
  readonly boot: string
  /** Undefined: no such path. */
  readonly namespace: FileId | undefined
  readonly witness: FileId | undefined
  /** Every network namespace that a process or a mount holds; undefined when not all processes can be seen. */
  readonly held: ReadonlySet<FileId> | undefined
}

export type Verdict =
  | { readonly type: 'Alive' }
  | { readonly type: 'Unknown'; readonly why: string }
  | { readonly type: 'Gone'; readonly why: string }

/** The namespaces of this machine beside its own, and who and what is in them. */
export interface Census {
  readonly namespaces: readonly {
    readonly id: FileId
    /** A process lives there. */
    readonly isLived: boolean
    readonly addresses: readonly Address[]
  }[]
  /** Nothing can have been missed. */
  readonly isComplete: boolean
}

/**
 * Does the sandbox stand empty: no process lives in it, and no link of the machine's namespaces has one of its
 * addresses? Says nothing of what is to come, so it is for pods that are known to be over.
 */
export function standsEmpty(
  { namespace }: Sandbox,
  addresses: readonly Address[],
  { namespaces, isComplete }: Census
): boolean {
  const own = namespaces.find(({ id }) => id === namespace)
  if (!isComplete || own === undefined || own.isLived) return false
  return !namespaces.some(one => addresses.some(address => one.addresses.includes(address)))
}

/** Is this sandbox certainly dead? Absence of knowledge is never death. */
export function judgeSandbox(sandbox: Sandbox, sighting: SandboxSighting): Verdict {
  if (sandbox.began.boot !== sighting.boot) {
    return { type: 'Gone', why: 'the machine has rebooted since' }
  }
  if (sandbox.namespace === undefined || sandbox.witness === undefined) {
    return { type: 'Unknown', why: 'its namespace could not be seen when it was added' }
  }
  if (sighting.namespace === sandbox.namespace) return { type: 'Alive' }
  if (sighting.witness !== sandbox.witness.id) {
    return { type: 'Unknown', why: `${sandbox.witness.path} is not the directory it was` }
  }
  if (sighting.held === undefined) {
    return {
      type: 'Unknown',
      why: 'this daemon cannot see all processes (it needs the host PID namespace and CAP_SYS_PTRACE)'
    }
  }
  if (sighting.held.has(sandbox.namespace)) return { type: 'Alive' }
  assert(sandbox.path !== '', 'a namespace that was seen has a path')
  return { type: 'Gone', why: `the namespace at ${sandbox.path} is gone and nothing holds it` }
}
