// One node of a cluster under test: its daemon as a process in the node's network namespace, its disk as a
// directory that can be wiped, put aside and put back, and its identity as files.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { canConnect, daemonPaths } from './daemon.ts'

const readyTimeoutMs = 60_000
const realBootId = '/proc/sys/kernel/random/boot_id'

export interface NodeOptions {
  readonly number: number
  readonly dir: string
  /** Where its network is. */
  readonly netns: string
  readonly main: string
  readonly pools: string
  readonly mesh: Readonly<Record<string, unknown>>
  /** Further keys of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>
}

export class ClusterNode implements AsyncDisposable {
  readonly name: string
  readonly number: number
  readonly socket: string
  readonly adminSocket: string
  readonly queue: string
  readonly stateDir: string
  /** The program that is started next. */
  main: string
  readonly #options: NodeOptions
  #process: ChildProcess | undefined
  #isFrozen = false

  constructor(options: NodeOptions) {
    const { number, dir, main } = options
    const { socket, adminSocket, queue, poolDir, stateDir } = daemonPaths(dir)
    this.#options = options
    this.number = number
    this.main = main
    this.name = `n${number}`
    this.socket = socket
    this.adminSocket = adminSocket
    this.queue = queue
    this.stateDir = stateDir
    mkdirSync(poolDir, { recursive: true })
    writeFileSync(join(poolDir, 'pools.yaml'), options.pools)
    writeFileSync(join(dir, 'boot-id'), readFileSync(realBootId))
    this.setMachine(`machine-${number}`)
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get isUp(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null
  }

  get isFrozen(): boolean {
    return this.#isFrozen
  }

  /** Everything that all its daemons have logged. */
  log(): string {
    const file = this.#path('daemon.log')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  /** As if the machine had been started anew, or the first time with this id. */
  setBoot(id: string): void {
    writeFileSync(this.#path('boot-id'), `${id}\n`)
  }

  setMachine(id: string): void {
    writeFileSync(this.#path('machine-id'), `${id}\n`)
  }

  /** Start its daemon and do not wait for anything. */
  launch(): void {
    if (this.isUp) throw new Error(`${this.name} runs already`)
    const { netns } = this.#options
    const log = openSync(this.#path('daemon.log'), 'a')
    const args = [
      `--net=${netns}`,
      process.execPath,
      this.main,
      'run',
      '--config',
      this.#configure()
    ]
    // Into a file: whoever executes plugins without an event loop between them reads no pipes.
    this.#process = spawn('nsenter', args, { stdio: ['ignore', log, log] })
    closeSync(log)
  }

  /** Start its daemon and wait until plugins and tools can ask it. */
  async start(): Promise<void> {
    this.launch()
    await this.ready()
  }

  async ready(): Promise<void> {
    const deadline = Date.now() + readyTimeoutMs
    while (!(await canConnect(this.socket)) || !(await canConnect(this.adminSocket))) {
      if (!this.isUp || Date.now() > deadline) {
        throw new Error(`${this.name} did not become ready:\n${this.log().slice(-4000)}`)
      }
      await sleep(10)
    }
  }

  /** SIGTERM and wait. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** SIGKILL and wait. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP')
    this.#isFrozen = true
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
    this.#isFrozen = false
  }

  /** An empty disk. */
  wipe(): void {
    rmSync(this.stateDir, { recursive: true, force: true })
  }

  /** Put a copy of its disk aside; only while its daemon does not run. */
  save(name: string): void {
    rmSync(this.#path(name), { recursive: true, force: true })
    cpSync(this.stateDir, this.#path(name), { recursive: true })
  }

  /** Put that copy back, or the one that another node has put aside. */
  restore(name: string, from: ClusterNode = this): void {
    this.wipe()
    cpSync(from.#path(name), this.stateDir, { recursive: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #path(name: string): string {
    return join(this.#options.dir, name)
  }

  #configure(): string {
    const { dir, mesh, config } = this.#options
    const { poolDir } = daemonPaths(dir)
    const file = this.#path('config.yaml')
    writeFileSync(
      file,
      stringify({
        nodeName: this.name,
        stateDir: this.stateDir,
        socket: this.socket,
        adminSocket: this.adminSocket,
        queueDir: this.queue,
        poolDirs: [poolDir],
        bootIdFile: this.#path('boot-id'),
        machineIdFile: this.#path('machine-id'),
        // The pods of the other nodes are on this machine too.
        namespaceDirs: [this.#path('netns')],
        resultCacheDir: this.#path('cni'),
        mesh,
        ...config
      })
    )
    return file
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    this.#process = undefined
    this.#isFrozen = false
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    if (signal !== 'SIGKILL') child.kill('SIGCONT')
    await exited
  }
}
