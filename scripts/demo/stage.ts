// Where the demo takes place: a network namespace that plays the host, with a link to an underlay network,
// and one for each pod. The machine's own links are never touched. Where that is not allowed, the pods are
// namespaces without any link, or there are none.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt, eventually, interrupted, run } from './command.ts'
import { routerInterface } from './pools.ts'
import { dieWithDemo } from './programs.ts'

const prefix = 'orbweaver-demo-'
const netnsDir = '/run/netns'

/** The link of the host that pods get their own from. */
export const uplink = 'uplink'

export interface Pod {
  readonly name: string
  /** As CNI_NETNS. */
  readonly netns: string
}

export interface Stage {
  /** Two, or none where no namespace can be had. */
  readonly pods: readonly Pod[]
  /** The namespace that plays the host; without one there are no links. */
  readonly host: string | undefined
  /** Why there are no links or no pods. */
  readonly obstacle: string | undefined
}

/** A directory that nobody else uses. */
export async function makeDirectory(undo: AsyncDisposableStack): Promise<string> {
  await sweep()
  const dir = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  undo.defer(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** The best stage there can be. With an obstacle to links nobody tries to make any. */
export async function setStage(
  undo: AsyncDisposableStack,
  obstacle: string | undefined
): Promise<Stage> {
  if (obstacle !== undefined) return withoutLinks(undo, obstacle)
  await using partial = new AsyncDisposableStack()
  try {
    const stage = await withLinks(partial)
    undo.use(partial.move())
    return stage
  } catch (error) {
    interrupted.throwIfAborted()
    // A kernel without veth or macvlan, a container that may make namespaces but not name them.
    return withoutLinks(undo, (error as Error).message)
  }
}

async function withLinks(undo: AsyncDisposableStack): Promise<Stage> {
  const host = await makeNamespace('host', undo)
  const ip = (...args: string[]) => run('ip', ['-n', host, ...args])
  await ip('link', 'set', 'lo', 'up')
  // The far end of the cable is the router of the underlay network.
  await ip('link', 'add', uplink, 'type', 'veth', 'peer', 'name', 'router')
  await ip('address', 'add', routerInterface, 'dev', 'router')
  for (const end of [uplink, 'router']) await ip('link', 'set', end, 'up')
  await ip('link', 'add', 'probe', 'link', uplink, 'type', 'macvlan', 'mode', 'bridge')
  await ip('link', 'delete', 'probe')
  const pods: Pod[] = []
  for (const name of ['pod-a', 'pod-b']) {
    pods.push({ name, netns: join(netnsDir, await makeNamespace(name, undo)) })
  }
  return { pods, host, obstacle: undefined }
}

async function makeNamespace(role: string, undo: AsyncDisposableStack): Promise<string> {
  const name = `${prefix}${process.pid}-${role}`
  undo.defer(async () => {
    if (!existsSync(join(netnsDir, name))) return
    await run('ip', ['netns', 'delete', name], { cleaning: true })
  })
  await run('ip', ['netns', 'add', name])
  return name
}

/** Namespaces of processes that do nothing. */
async function withoutLinks(undo: AsyncDisposableStack, obstacle: string): Promise<Stage> {
  const pods: Pod[] = []
  for (const name of ['pod-a', 'pod-b']) {
    const args = ['--user', '--map-root-user', '--net', ...dieWithDemo(), 'sleep', '600']
    const holder = spawn('unshare', args, { detached: true, stdio: 'ignore' })
    let hasFailed = false
    holder.on('error', () => (hasFailed = true))
    holder.on('exit', () => (hasFailed = true))
    undo.defer(() => void holder.kill('SIGKILL'))
    const netns = `/proc/${holder.pid}/ns/net`
    const own = readlinkSync('/proc/self/ns/net')
    const isThere = await eventually(`a namespace for ${name}`, () => {
      if (hasFailed) return false
      return linkAt(netns) !== undefined && linkAt(netns) !== own ? true : undefined
    })
    if (!isThere) return { pods: [], host: undefined, obstacle }
    pods.push({ name, netns })
  }
  return { pods, host: undefined, obstacle }
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

export interface Ping {
  readonly received: number
  readonly sent: number
  readonly averageMs: number
}

/** Three pings. The kernel looks for duplicates of an IPv6 address for up to two seconds before it is used. */
export async function ping(from: Pod, address: string): Promise<Ping> {
  const args = ['netns', 'exec', from.netns.slice(netnsDir.length + 1), 'ping', '-n', '-q']
  const answers = async (): Promise<true | undefined> => {
    const { status } = await attempt('ip', [...args, '-c', '1', '-w', '1', address])
    return status === 0 || undefined
  }
  await eventually(`${address} answers ${from.name}`, answers, { everyMs: 100 })
  const { stdout } = await run('ip', [...args, '-c', '3', '-i', '0.1', '-w', '5', address])
  const counts = /(\d+) packets transmitted, (\d+)(?: packets)? received/.exec(stdout)
  const averageMs = /= [\d.]+\/([\d.]+)\//.exec(stdout)?.[1]
  return {
    sent: Number(counts?.[1]),
    received: Number(counts?.[2]),
    averageMs: Number(averageMs)
  }
}

/** Remove what demos have left that were killed: names carry the process id. What is not ours stays. */
async function sweep(): Promise<void> {
  for (const name of leftIn(netnsDir)) await attempt('ip', ['netns', 'delete', name])
  for (const name of leftIn(tmpdir())) {
    await attempt('rm', ['-rf', '--', join(tmpdir(), name)])
  }
}

function leftIn(dir: string): string[] {
  return (existsSync(dir) ? readdirSync(dir) : []).filter(name => {
    const pid = name.startsWith(prefix) ? /^\d+/.exec(name.slice(prefix.length))?.[0] : undefined
    return pid !== undefined && !existsSync(`/proc/${pid}`)
  })
}
