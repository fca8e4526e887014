// Which addresses live in which network namespaces of this machine: what is left to ask when the database that
// should know is lost. Reads /proc where a process lives in a namespace, and goes inside where none does.

import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Address } from '../core/address.ts'
import { errorCodeOf, messageOf } from '../core/error-text.ts'
import type { FileId, Sandbox } from '../core/sandbox.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import { readBounded } from './bounded-file.ts'
import { parseLocalAddresses } from './local-addresses.ts'
import { NamespaceLists } from './namespace-lists.ts'
import { parseNamespaceMounts } from './namespace-mounts.ts'
import { hasEnded, inBatches, linkOf, seesAllProcesses, threadsOf } from './namespace-files.ts'

/** Some hundred thousand routes: no pod has as many, and a router's table is not read for its few addresses. */
const listBytesMax = 16 * 1024 * 1024
const visitsAtOnce = 8
/** Any thread of a namespace will do; some end meanwhile. */
const waysMax = 16

/** A namespace with the addresses in it, and where it was found. */
export interface Inhabited {
  readonly path: string
  readonly id: FileId
  readonly witness: NonNullable<Sandbox['witness']>
  readonly addresses: readonly Address[]
  /** A process lives in it. */
  readonly isLived: boolean
}

export interface Survey {
  readonly namespaces: readonly Inhabited[]
  /** What could not be seen, a sentence each; empty when nothing can have been missed. */
  readonly unseen: readonly string[]
}

interface Found {
  /** Files of the namespace, and threads that live in it. */
  readonly files: string[]
  readonly threads: string[]
}

/**
 * Look at every namespace that a process or a mount holds, the daemon's own left out; with `directories` only at
 * the files in these. Never rejects.
 */
export async function surveyNamespaces(
  probe: SandboxProbe,
  directories?: readonly string[]
): Promise<Survey> {
  const unseen: string[] = []
  const found = new Map<FileId, Found>()
  try {
    if (directories === undefined) await findAll(found, probe, unseen)
    else for (const directory of directories) await findFiles(found, probe, directory, unseen)
  } catch (error) {
    unseen.push(messageOf(error))
  }
  const namespaces: Inhabited[] = []
  await using lists = new NamespaceLists()
  const all = [...found.values()]
  for (let i = 0; i < all.length; i += visitsAtOnce) {
    const visits = all.slice(i, i + visitsAtOnce).map(one => visit(one, probe, lists))
    for (const visited of await Promise.all(visits)) {
      if (visited === undefined) continue
      if ('why' in visited) unseen.push(visited.why)
      else namespaces.push(visited)
    }
  }
  return { namespaces, unseen }
}

async function findAll(
  found: Map<FileId, Found>,
  probe: SandboxProbe,
  unseen: string[]
): Promise<void> {
  const own = await stat('/proc/self/ns/net')
  const mounts = parseNamespaceMounts(await readFile('/proc/self/mountinfo', 'utf8'))
  for (const path of mounts) noteFile(found, probe, path, unseen)
  if (!seesAllProcesses()) unseen.push('the daemon does not run in the PID namespace of the host')
  const device = (await stat('/proc/self/net/dev')).ino
  const processes = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const threads = (await inBatches(processes, threadsOf)).flat()
  const links = await inBatches(threads, thread => linkOf(thread, device).catch(messageOf))
  for (const [i, link] of links.entries()) {
    const inode = /^net:\[(\d+)\]$/.exec(link)?.[1]
    if (inode !== undefined && inode !== String(own.ino)) {
      const { threads: ways } = at(found, `${own.dev}:${inode}`)
      if (ways.length < waysMax) ways.push(threads[i] as string)
    } else if (inode === undefined && link !== '') unseen.push(link)
  }
}

async function findFiles(
  found: Map<FileId, Found>,
  probe: SandboxProbe,
  directory: string,
  unseen: string[]
): Promise<void> {
  let names: string[]
  try {
    names = await readdir(directory)
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return
    throw error
  }
  for (const name of names) noteFile(found, probe, join(directory, name), unseen)
}

function noteFile(
  found: Map<FileId, Found>,
  probe: SandboxProbe,
  path: string,
  unseen: string[]
): void {
  const seen = probe.see(path)
  if (seen.type === 'Unreadable') unseen.push(`${path} cannot be looked at: ${seen.why}`)
  if (seen.type === 'Namespace') at(found, seen.id).files.push(path)
}

function at(found: Map<FileId, Found>, id: FileId): Found {
  const known = found.get(id)
  if (known !== undefined) return known
  const fresh: Found = { files: [], threads: [] }
  found.set(id, fresh)
  return fresh
}

/** Undefined for one that has ended meanwhile. */
async function visit(
  { files, threads }: Found,
  probe: SandboxProbe,
  lists: NamespaceLists
): Promise<Inhabited | { readonly why: string } | undefined> {
  let why: string | undefined
  const ways = [
    ...threads.map(thread => ({ path: `${thread}/ns/net`, list: () => readLists(thread) })),
    ...files.map(path => ({ path, list: () => lists.read(path) }))
  ]
  for (const { path, list } of ways) {
    try {
      const addresses = parseLocalAddresses(await list())
      // A file outlives the process that was read, so it is what vouches for the namespace.
      const seen = probe.see(files[0] ?? path)
      if (seen.type === 'Namespace') {
        const isLived = threads.length > 0
        return { path: files[0] ?? path, id: seen.id, witness: seen.witness, addresses, isLived }
      }
    } catch (error) {
      if (!hasEnded(error)) why = `the addresses in ${path} cannot be read: ${messageOf(error)}`
    }
  }
  return why === undefined ? undefined : { why }
}

/** Of the namespace that a thread lives in. */
async function readLists(thread: string): Promise<string> {
  const before = await readlink(`${thread}/ns/net`)
  const ipv4 = await readBounded(`${thread}/net/fib_trie`, listBytesMax)
  let ipv6 = ''
  try {
    ipv6 = (await readBounded(`${thread}/net/if_inet6`, listBytesMax)).bytes.toString('latin1')
  } catch (error) {
    // A kernel without IPv6 has no such file.
    if (errorCodeOf(error) !== 'ENOENT') throw error
  }
  if ((await readlink(`${thread}/ns/net`)) !== before) throw new Error('the thread moved meanwhile')
  return `${ipv4.bytes.toString('latin1')}\n${ipv6}`
}
