// Where a run takes place: a temporary directory on the disk and a network namespace that is not the
// host's. Both go when the process ends, however it ends; what a killed run left, the next one removes.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const netnsPrefix = 'ow-bench-'
const netnsDir = '/run/netns'
const directoryPrefix = 'orbweaver-bench-'

/** linux/magic.h: file systems where synchronising costs nothing. */
const inMemory = new Set([0x01021994, 0x858458f6])

export interface Stage {
  /** A new directory of this run. */
  directory(name: string): string
  /** As CNI_NETNS. */
  readonly netns: string
  /** Run this when the process ends. */
  onEnd(undo: () => void): void
}

export async function makeStage(): Promise<Stage> {
  const undos: (() => void)[] = []
  process.once('exit', () => {
    for (const undo of undos.reverse()) undo()
  })
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  const parent = diskDirectory()
  sweep(parent)
  const base = mkdtempSync(join(parent, `${directoryPrefix}${process.pid}-`))
  undos.push(() => rmSync(base, { recursive: true, force: true }))
  return {
    directory: name => mkdtempSync(join(base, `${name}-`)),
    netns: process.getuid?.() === 0 ? namedNamespace(undos) : await sleeperNamespace(undos),
    onEnd: undo => undos.push(undo)
  }
}

function diskDirectory(): string {
  const found = [tmpdir(), '/var/tmp'].find(
    directory => existsSync(directory) && !inMemory.has(statfsSync(directory).type)
  )
  if (found !== undefined) return found
  throw new Error(`${tmpdir()} and /var/tmp are in memory: set TMPDIR to a directory on the disk`)
}

function namedNamespace(undos: (() => void)[]): string {
  const name = `${netnsPrefix}${process.pid}`
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`ip netns add ${name}: ${made.error ?? made.stderr}`)
  undos.push(() => spawnSync('ip', ['netns', 'delete', name]))
  return join(netnsDir, name)
}

/** Without privileges: the namespace of a process that sleeps in a user namespace of its own. */
async function sleeperNamespace(undos: (() => void)[]): Promise<string> {
  const sleeper = spawn('unshare', ['-r', '-n', 'sleep', 'infinity'], { stdio: 'ignore' })
  sleeper.unref()
  sleeper.once('error', () => {})
  undos.push(() => sleeper.kill('SIGKILL'))
  const path = `/proc/${sleeper.pid}/ns/net`
  for (let waits = 0; waits < 100; waits++) {
    await sleep(10)
    try {
      if (readlinkSync(path) !== readlinkSync('/proc/self/ns/net')) return path
    } catch {
      break
    }
  }
  throw new Error('no network namespace can be made: run the bench as root')
}

function sweep(parent: string): void {
  const isLeft = (pid: string | undefined) => pid !== undefined && !existsSync(`/proc/${pid}`)
  for (const name of readdirSync(parent)) {
    const pid = new RegExp(`^${directoryPrefix}(\\d+)-`).exec(name)?.[1]
    if (isLeft(pid)) rmSync(join(parent, name), { recursive: true, force: true })
  }
  for (const name of existsSync(netnsDir) ? readdirSync(netnsDir) : []) {
    const pid = new RegExp(`^${netnsPrefix}(\\d+)$`).exec(name)?.[1]
    if (isLeft(pid)) spawnSync('ip', ['netns', 'delete', name])
  }
}
