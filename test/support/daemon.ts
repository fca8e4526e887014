// A real daemon in a process of its own, with every path in one temporary directory.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { mainProgram } from './main-program.ts'

const readyTimeoutMs = 60_000

export interface DaemonOptions {
  /** Keep state between two daemons by giving the directory of the first one. */
  readonly dir?: string
  /** YAML documents of the pool directory; left as they are when absent. */
  readonly pools?: string
  /** Further keys of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Another entry point, and how to start it, e.g. inside a network namespace. */
  readonly main?: string
  readonly prefix?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

export interface Daemon extends AsyncDisposable {
  readonly dir: string
  readonly socket: string
  readonly adminSocket: string
  readonly queue: string
  readonly poolDir: string
  readonly process: ChildProcess
  /** What it has logged so far. */
  log(): string
  /** SIGTERM and wait; the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL and wait. */
  kill(): Promise<void>
}

export function daemonPaths(dir: string) {
  return {
    socket: join(dir, 'cni.sock'),
    adminSocket: join(dir, 'admin.sock'),
    queue: join(dir, 'queue'),
    poolDir: join(dir, 'pools.d'),
    stateDir: join(dir, 'state')
  }
}

/** Start a daemon and wait until both of its sockets answer; the admin socket is the later one. */
export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  const daemon = launchDaemon(options)
  const deadline = Date.now() + readyTimeoutMs
  while (!(await canConnect(daemon.socket)) || !(await canConnect(daemon.adminSocket))) {
    if (daemon.process.exitCode !== null || Date.now() > deadline) {
      await daemon.kill()
      throw new Error(`the daemon did not become ready:\n${daemon.log()}`)
    }
    await sleep(5)
  }
  return daemon
}

/** Start a daemon without waiting for anything. */
export function launchDaemon(options: DaemonOptions = {}): Daemon {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'orbweaver-'))
  const { socket, adminSocket, queue, poolDir, stateDir } = daemonPaths(dir)
  mkdirSync(poolDir, { recursive: true })
  if (options.pools !== undefined) writeFileSync(join(poolDir, 'pools.yaml'), options.pools)
  const configFile = join(dir, 'config.yaml')
  writeFileSync(
    configFile,
    stringify({
      stateDir,
      socket,
      adminSocket,
      queueDir: queue,
      poolDirs: [poolDir],
      ...options.config
    })
  )
  const [command, ...args] = [
    ...(options.prefix ?? []),
    process.execPath,
    options.main ?? mainProgram(),
    'run',
    '--config',
    configFile
  ]
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env }
  })
  let log = ''
  child.stdout.on('data', chunk => (log += String(chunk)))
  child.stderr.on('data', chunk => (log += String(chunk)))
  const exited = once(child, 'exit')
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      await exited
    }
    return child.exitCode
  }
  return {
    dir,
    socket,
    adminSocket,
    queue,
    poolDir,
    process: child,
    log: () => log,
    stop: async () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL')
    },
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL')
    }
  }
}

/** Does anybody listen there? */
export function canConnect(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const connection = connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}
