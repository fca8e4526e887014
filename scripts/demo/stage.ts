// Where the demo takes place: a directory, and nodes and pods in network namespaces on a switch of their own.
// Where that is not allowed, pods are namespaces of processes that do nothing, or there are none.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCluster } from '../lab/cluster.ts'
import { attempt, eventually, interrupted } from '../lab/command.ts'
import { namesIn, Network } from '../lab/network.ts'
import type { NodePlace } from '../lab/node-place.ts'
import { dieWithUs } from '../lab/programs.ts'
import type { Pod } from '../lab/runtime.ts'

const prefix = 'orbweaver-demo-'
const netnsDir = '/run/netns'
const nodeCount = 3

export interface Stage {
  readonly nodes: readonly NodePlace[]
  /** Without it there are no links. */
  readonly network: Network | undefined
  /** Why there are no links. */
  readonly obstacle: string | undefined
  /** Undefined where no namespace can be had. */
  pod(name: string): Promise<Pod | undefined>
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
  dir: string,
  obstacle: string | undefined
): Promise<Stage> {
  if (obstacle !== undefined) return withoutLinks(undo, dir, obstacle)
  await using partial = new AsyncDisposableStack()
  try {
    const stage = await withLinks(partial, dir)
    undo.use(partial.move())
    return stage
  } catch (error) {
    interrupted.throwIfAborted()
    await partial.disposeAsync()
    // A kernel without veth or macvlan, a container that may make namespaces but not name them.
    rmSync(join(dir, 'nodes'), { recursive: true, force: true })
    return withoutLinks(undo, dir, (error as Error).message)
  }
}

async function withLinks(undo: AsyncDisposableStack, dir: string): Promise<Stage> {
  const network = new Network(`${prefix}${process.pid}-`)
  undo.defer(() => network.remove())
  const nodes = await makeCluster(join(dir, 'nodes'), nodeCount, network)
  const pod = async (name: string): Promise<Pod> => {
    const role = `pod-${name}`
    return { name, netns: network.has(role) ? network.path(role) : await network.makePod(role) }
  }
  return { nodes, network, obstacle: undefined, pod }
}

async function withoutLinks(
  undo: AsyncDisposableStack,
  dir: string,
  obstacle: string
): Promise<Stage> {
  const nodes = await makeCluster(join(dir, 'nodes'), nodeCount, undefined)
  const netns = await idleNamespace(undo)
  const pod = async (name: string): Promise<Pod | undefined> =>
    netns === undefined ? undefined : { name, netns }
  return { nodes, network: undefined, obstacle, pod }
}

/** One for all pods, since nothing is ever put into it. */
async function idleNamespace(undo: AsyncDisposableStack): Promise<string | undefined> {
  const args = ['--user', '--map-root-user', '--net', ...dieWithUs(), 'sleep', '600']
  const holder = spawn('unshare', args, { detached: true, stdio: 'ignore' })
  let hasFailed = false
  holder.on('error', () => (hasFailed = true))
  holder.on('exit', () => (hasFailed = true))
  undo.defer(() => void holder.kill('SIGKILL'))
  const netns = `/proc/${holder.pid}/ns/net`
  const own = readlinkSync('/proc/self/ns/net')
  const isThere = await eventually('a namespace for pods', () => {
    if (hasFailed) return false
    return linkAt(netns) !== undefined && linkAt(netns) !== own ? true : undefined
  })
  return isThere ? netns : undefined
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
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
  return namesIn(dir, prefix).filter(name => {
    const pid = /^\d+/.exec(name.slice(prefix.length))?.[0]
    return pid !== undefined && !existsSync(`/proc/${pid}`)
  })
}
