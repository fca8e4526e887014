// One node of the demo: its daemon, what it says, and what a runtime does on it.

import type { ChildProcess } from 'node:child_process'
import { Admin } from '../lab/admin.ts'
import { interrupt, run } from '../lab/command.ts'
import { hasEnded, launch, untilReady } from '../lab/daemon.ts'
import type { Network } from '../lab/network.ts'
import { endProcesses } from '../lab/network.ts'
import type { NodePlace } from '../lab/node-place.ts'
import { daemonMain, dieWithUs } from '../lab/programs.ts'
import { Runtime } from '../lab/runtime.ts'

export class Node {
  readonly place: NodePlace
  readonly admin: Admin
  readonly runtime: Runtime
  readonly #network: Network | undefined
  #child: ChildProcess | undefined

  constructor(place: NodePlace, network: Network | undefined) {
    this.place = place
    this.admin = new Admin(place.adminSocket)
    this.runtime = new Runtime(place, network)
    this.#network = network
  }

  get name(): string {
    return this.place.name
  }

  /** How long it took until it could be asked, in milliseconds. */
  async start(): Promise<number> {
    const inside = this.#network?.inside(this.name)
    const began = performance.now()
    const child = launch(this.place, [...dieWithUs(), ...(inside ? ['ip', ...inside] : [])])
    this.#child = child
    child.on('error', error => interrupt(`a daemon cannot be started: ${error.message}`))
    child.on('exit', (status, signal) => {
      const end = signal ?? `status ${status}`
      if (this.#child === child) interrupt(`the daemon of ${this.name} ended with ${end}`)
    })
    await untilReady(this.place, child)
    return performance.now() - began
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.pid !== undefined && !hasEnded(child)) await endProcesses([child.pid])
  }

  /** No packet from or to this node any more. Without a cable its daemon is held instead. */
  async cut(): Promise<void> {
    if (this.#network === undefined) this.#child?.kill('SIGSTOP')
    else await this.#network.cut(this.name)
  }

  async heal(): Promise<void> {
    if (this.#network === undefined) this.#child?.kill('SIGCONT')
    else await this.#network.heal(this.name)
  }

  /** What `orbweaverd` says on this node. */
  async command(...args: readonly string[]): Promise<string> {
    const { config } = this.place
    const { stdout } = await run(process.execPath, [daemonMain, ...args, '--config', config])
    return stdout.trimEnd()
  }
}
