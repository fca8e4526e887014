// SandboxProbe over the file systems where namespaces show up: their bind mounts and /proc.

import { readlinkSync, type Stats, statSync } from 'node:fs'
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCodeOf } from '../core/error-text.ts'
import type { FileId, Sandbox } from '../core/sandbox.ts'
import type { SandboxProbe, Seen } from '../ports/sandbox-probe.ts'
import { readBootId } from './boot-id.ts'

/** The inode of the first PID namespace is fixed (PROC_PID_INIT_INO, include/linux/proc_ns.h). */
const initialPidNamespace = 'pid:[4026531836]'

/** How many files are looked at at a time: a node's thousands must not crowd out the ADDs meanwhile. */
const looksAtOnce = 64

export function createNamespaceFiles(bootIdFile: string): SandboxProbe {
  const own = statSync('/proc/self/ns/net')
  const seesAll = seesAllProcesses()

  const probe: SandboxProbe = {
    see: path => {
      try {
        const found = statSync(path)
        if (found.dev !== own.dev || isOfAnotherKind(path)) return { type: 'NotNamespace' }
        if (found.ino === own.ino) return { type: 'Own' }
        const witness = witnessOf(path)
        const id = fileId(statSync(witness))
        return { type: 'Namespace', id: fileId(found), witness: { path: witness, id } }
      } catch (error) {
        return unseen(error)
      }
    },
    census: async () => {
      const { surveyNamespaces } = await import('./namespace-survey.ts')
      const { namespaces, unseen } = await surveyNamespaces(probe)
      return { namespaces, isComplete: unseen.length === 0 }
    },
    sight: async sandboxes => {
      const boot = readBootId(bootIdFile)
      const found = await inBatches(sandboxes, ({ path }) => statAt(path))
      const namespaces = found.map(one => one && fileId(one))
      const paths = [...new Set(sandboxes.flatMap(({ witness }) => witness?.path ?? []))]
      const ids = await inBatches(paths, idAt)
      const witnesses = new Map(paths.map((path, i) => [path, ids[i]]))
      const missing = sandboxes.some((sandbox, i) => isSuspect(sandbox, namespaces[i], boot))
      const held = missing && seesAll ? await heldNamespaces(own.dev) : undefined
      return sandboxes.map(({ witness }, i) => ({
        boot,
        namespace: namespaces[i],
        // Where an ordinary file lies, a mount that we do not see may lie on it: nobody vouches for that.
        witness:
          found[i]?.dev === undefined || found[i].dev === own.dev
            ? witness && witnesses.get(witness.path)
            : undefined,
        held
      }))
    }
  }
  return probe
}

/** Only those of its own PID namespace are in a process's /proc. */
export function seesAllProcesses(): boolean {
  return readlinkSync('/proc/self/ns/pid') === initialPidNamespace
}

function isSuspect(
  { began, namespace }: Sandbox,
  found: FileId | undefined,
  boot: string
): boolean {
  return began.boot === boot && namespace !== undefined && namespace !== found
}

/** All kinds of namespaces lie on one device; below /proc their links say which one it is. */
function isOfAnotherKind(path: string): boolean {
  return path.startsWith('/proc/') && !readlinkSync(path).startsWith('net:')
}

function unseen(error: unknown): Seen {
  const code = errorCodeOf(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return { type: 'Missing' }
  return { type: 'Unreadable', why: code ?? String(error) }
}

/** The directory whose identity proves that we still look at the same place; /proc for its entries. */
function witnessOf(path: string): string {
  return path.startsWith('/proc/') ? '/proc' : dirname(path)
}

/** A few at a time, in the order of the items. */
export async function inBatches<Item, Value>(
  items: readonly Item[],
  look: (item: Item) => Promise<Value>
): Promise<Value[]> {
  const values: Value[] = []
  for (let i = 0; i < items.length; i += looksAtOnce) {
    values.push(...(await Promise.all(items.slice(i, i + looksAtOnce).map(look))))
  }
  return values
}

function fileId({ dev, ino }: { dev: number; ino: number }): FileId {
  return `${dev}:${ino}`
}

async function statAt(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch {
    return undefined
  }
}

async function idAt(path: string): Promise<FileId | undefined> {
  const found = await statAt(path)
  return found && fileId(found)
}

/**
 * Every network namespace that a process lives in or a mount keeps; undefined when it cannot be told for
 * one of them, since then nothing is known of the others either.
 */
async function heldNamespaces(nsfs: number): Promise<ReadonlySet<FileId> | undefined> {
  try {
    const held = new Set<FileId>()
    const note = (link: string) => {
      const inode = /^net:\[(\d+)\]$/.exec(link)?.[1]
      if (inode !== undefined) held.add(`${nsfs}:${inode}`)
    }
    const own = (await stat('/proc/self/net/dev')).ino
    const processes = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
    // Each thread may live in a namespace of its own, also after the first one has ended.
    const threads = (await inBatches(processes, threadsOf)).flat()
    for (const link of await inBatches(threads, path => linkOf(path, own))) note(link)
    for (const line of (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')) {
      note(line.split(' ')[3] ?? '')
    }
    return held
  } catch {
    return undefined
  }
}

/** The directories of its threads; none for a process that has ended meanwhile. */
export async function threadsOf(process: string): Promise<string[]> {
  try {
    return (await readdir(`/proc/${process}/task`)).map(thread => `/proc/${process}/task/${thread}`)
  } catch (error) {
    if (hasEnded(error)) return []
    throw error
  }
}

/**
 * The namespace of a thread as /proc names it. Empty for one that has ended, and for one that we may not
 * look into (that takes CAP_SYS_PTRACE) but that lives in our own namespace: the files below `net` are
 * readable for everybody and have inodes of their own in each namespace. Throws when it cannot be told.
 */
export async function linkOf(thread: string, own: number): Promise<string> {
  try {
    return await readlink(`${thread}/ns/net`)
  } catch (error) {
    if (hasEnded(error)) return ''
  }
  try {
    if ((await stat(`${thread}/net/dev`)).ino === own) return ''
  } catch (error) {
    if (hasEnded(error)) return ''
    throw error
  }
  throw new Error(`${thread} lives in a namespace that cannot be told`)
}

/** Of a look at a process. */
export function hasEnded(error: unknown): boolean {
  const code = errorCodeOf(error)
  return code === 'ENOENT' || code === 'ESRCH' || code === 'EINVAL'
}
