// Executing the plugin as a container runtime does.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

export interface Invocation {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string | Buffer
  readonly argv0?: string
  /** A shell script that executes the plugin as "$0"; default is without a shell. */
  readonly shell?: string
  /** A descriptor for stdout; default is a pipe. */
  readonly stdout?: number
  readonly stop?: AbortSignal
}

export interface Outcome {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** How long it took, in milliseconds. */
  readonly took: number
}

export interface ErrorDocument {
  readonly cniVersion: string
  readonly code: number
  readonly msg: string
  readonly details: string
}

export const attachment = {
  CNI_CONTAINERID: 'c0ffee',
  CNI_NETNS: '/run/netns/blue',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin'
}

export async function execute(binary: string, invocation: Invocation = {}): Promise<Outcome> {
  const { env = {}, stdin = '', argv0, shell, stdout = 'pipe', stop } = invocation
  const began = performance.now()
  const [command, args] = shell === undefined ? [binary, []] : ['/bin/sh', ['-c', shell, binary]]
  const child = spawn(command, args, {
    env: { ...env },
    stdio: ['pipe', stdout, 'pipe'],
    ...(argv0 === undefined ? {} : { argv0 })
  })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', data => out.push(data))
  child.stderr?.on('data', data => err.push(data))
  child.stdin?.on('error', () => {}) // it need not read what it does not need
  child.stdin?.end(stdin)
  stop?.addEventListener('abort', () => child.kill('SIGKILL'))
  const [status, signal] = await once(child, 'close')
  return {
    status,
    signal,
    stdout: Buffer.concat(out).toString(),
    stderr: Buffer.concat(err).toString(),
    took: performance.now() - began
  }
}

/** The plugin failed as it should: exit status 1 and one error document without words that runtimes misread. */
export function errorOf(t: Test, outcome: Outcome, code: number, what: string): ErrorDocument {
  t.equal(outcome.status, 1, `${what}: exit status`)
  const document = JSON.parse(outcome.stdout) as ErrorDocument
  t.match(
    document,
    { cniVersion: String, code, msg: String, details: String },
    `${what}: the error`
  )
  t.notMatch(outcome.stdout, /not found|no such file or directory/i, `${what}: the words`)
  return document
}

/** A directory that goes away with the test; short, since the path of a socket has to fit into 107 bytes. */
export function temporaryDirectory(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'orb-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Wait until something holds, and give up loudly. */
export async function until(
  what: string,
  holds: () => boolean,
  milliseconds = 60_000
): Promise<void> {
  const end = performance.now() + milliseconds
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${milliseconds} ms`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
