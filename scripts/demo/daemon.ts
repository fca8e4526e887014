// The daemon of the demo's node: a process on a directory of its own, started and stopped as often as the
// story wants.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { eventually, interrupt } from './command.ts'
import { dieWithDemo } from './programs.ts'

const readyWithinMs = 20_000
const stopWithinMs = 10_000

export interface Attachment {
  readonly network: string
  readonly containerId: string
  readonly ifname: string
  readonly addresses: readonly { readonly address: string; readonly pool: string }[]
}

/** Counts are text where a number cannot hold them. */
export interface PoolUsage {
  readonly name: string
  readonly subnet: string
  readonly total: number | string
  readonly used: number | string
  readonly cooling: number | string
  readonly free: number | string
}

export class Daemon {
  readonly socket: string
  readonly queue: string
  readonly #main: string
  readonly #dir: string
  readonly #adminSocket: string
  readonly #logFile: string
  #child: ChildProcess | undefined

  /** `main` is the built entry point; `dir` gets everything that is ever written. */
  constructor(main: string, dir: string, pools: string, cooldownSeconds: number) {
    this.#main = main
    this.#dir = dir
    this.socket = join(dir, 'cni.sock')
    this.queue = join(dir, 'queue')
    this.#adminSocket = join(dir, 'admin.sock')
    this.#logFile = join(dir, 'daemon.log')
    const poolDir = join(dir, 'pools.d')
    mkdirSync(poolDir)
    writeFileSync(join(poolDir, 'pools.yaml'), pools)
    const config = {
      nodeName: 'demo-node',
      stateDir: join(dir, 'state'),
      socket: this.socket,
      adminSocket: this.#adminSocket,
      queueDir: this.queue,
      poolDirs: [poolDir],
      cooldown: { seconds: cooldownSeconds, scarceSeconds: 0 }
    }
    writeFileSync(join(dir, 'config.yaml'), stringify(config))
  }

  /** How long it took until the plugin could ask it, in milliseconds. */
  async start(): Promise<number> {
    const log = openSync(this.#logFile, 'a')
    const config = join(this.#dir, 'config.yaml')
    const daemon = [process.execPath, this.#main, 'run', '--config', config]
    const [command = '', ...args] = [...dieWithDemo(), ...daemon]
    const began = performance.now()
    const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#child = child
    child.on('error', error => interrupt(`its daemon cannot be started: ${error.message}`))
    child.on('exit', (status, signal) => {
      if (this.#child === child) interrupt(`its daemon ended with ${signal ?? `status ${status}`}`)
    })
    const isReady = async () => (await canConnect(this.socket)) || undefined
    await eventually('the daemon answers', isReady, { withinMs: readyWithinMs })
    const ms = performance.now() - began
    // People come a moment later than pods.
    const isShown = async () => (await canConnect(this.#adminSocket)) || undefined
    await eventually('the daemon can be looked at', isShown, { withinMs: readyWithinMs })
    return ms
  }

  /** SIGTERM and wait; how long it took, in milliseconds. Does nothing when it does not run. */
  async stop(): Promise<number> {
    const began = performance.now()
    const child = this.#child
    if (child === undefined) return 0
    this.#child = undefined
    child.kill('SIGTERM')
    while (!hasEnded(child)) {
      if (performance.now() - began > stopWithinMs) child.kill('SIGKILL')
      await sleep(2)
    }
    return performance.now() - began
  }

  async attachments(): Promise<readonly Attachment[]> {
    const { attachments } = (await this.#get('/v1/attachments')) as { attachments: Attachment[] }
    return attachments
  }

  async pools(): Promise<readonly PoolUsage[]> {
    return ((await this.#get('/v1/pools')) as { pools: PoolUsage[] }).pools
  }

  lastLogLines(count: number): readonly string[] {
    if (!existsSync(this.#logFile)) return []
    const lines = readFileSync(this.#logFile, 'utf8').trimEnd().split('\n')
    return lines.slice(-count).map(readable)
  }

  #get(path: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = { socketPath: this.#adminSocket, path, timeout: 5_000 }
      const asked = request(options, answer => {
        let body = ''
        answer.setEncoding('utf8').on('data', (text: string) => (body += text))
        answer.on('error', reject)
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(JSON.parse(body))
          else reject(new Error(`the daemon answered GET ${path} with ${body.trim()}`))
        })
      })
      asked.on('timeout', () => asked.destroy(new Error(`the daemon does not answer GET ${path}`)))
      asked.on('error', reject)
      asked.end()
    })
  }
}

/** One line of the log for a person; what is no log entry, like a crash, stays as it is. */
function readable(line: string): string {
  try {
    const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>
    const details = Object.entries(rest)
      .filter(([key]) => key !== 'node')
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    return [String(time).slice(11, 23), level, msg, ...details].join(' ')
  } catch {
    return line
  }
}

function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null
}

function canConnect(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const connection = connect(socket)
    connection.once('error', () => resolve(false))
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
  })
}
