// Pods that come and go on machines, as many at a time as a machine starts, and what has been seen of their addresses:
// none is ever held twice.

import { allocatedBy } from '../support/admin.ts'
import type { Machine } from './machine.ts'

export interface Held {
  readonly machine: Machine
  readonly id: string
  readonly address: string
}

/** What the load has come to. */
export interface LoadOutcome {
  readonly adds: number
  readonly deletes: number
  /** Of RunPodSandbox and its opposite, each with what it said. */
  readonly failures: readonly string[]
  /** Addresses that two pods had at one time. */
  readonly doubles: readonly string[]
}

export class SandboxLoad {
  readonly #held = new Map<string, Held>()
  readonly #failures: string[] = []
  readonly #doubles: string[] = []
  #adds = 0
  #deletes = 0
  #serial = 0
  #isOver = false
  #lives: Promise<void>[] = []

  get outcome(): LoadOutcome {
    return {
      adds: this.#adds,
      deletes: this.#deletes,
      failures: this.#failures,
      doubles: this.#doubles
    }
  }

  get held(): readonly Held[] {
    return [...this.#held.values()]
  }

  /** Start so many pods on a machine. */
  async add(machine: Machine, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#add(machine)))
  }

  async remove(pods: readonly Held[]): Promise<void> {
    await Promise.all(pods.map(pod => this.#remove(pod)))
  }

  /** From now on `each` pods of every machine are started, and deleted again when all of them are up. */
  begin(machines: readonly Machine[], each: number): void {
    this.#isOver = false
    this.#lives = machines.flatMap(machine =>
      Array.from({ length: each }, async () => {
        while (!this.#isOver) {
          const pod = await this.#add(machine)
          if (pod !== undefined) await this.#remove(pod)
        }
      })
    )
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#lives)
  }

  async #add(machine: Machine): Promise<Held | undefined> {
    try {
      const id = await machine.cri.run(`pod-${(this.#serial += 1)}`)
      const { addresses } = await machine.cri.status(id)
      const address = addresses[0] ?? ''
      this.#adds += 1
      if (this.#held.has(address)) this.#doubles.push(address)
      const pod = { machine, id, address }
      this.#held.set(address, pod)
      return pod
    } catch (error) {
      this.#failures.push(`${machine.name} ADD: ${String(error)}`)
      return undefined
    }
  }

  async #remove({ machine, id, address }: Held): Promise<void> {
    // Before it is: from then on another pod may have its address.
    this.#held.delete(address)
    try {
      await machine.cri.remove(id)
      this.#deletes += 1
    } catch (error) {
      this.#failures.push(`${machine.name} DEL: ${String(error)}`)
    }
  }
}

/** Addresses that the daemons of these machines have given to pods, by machine. */
export async function allocatedOn(machines: readonly Machine[]): Promise<readonly string[][]> {
  return Promise.all(
    machines.map(async machine => {
      const adminSocket = machine.path('/run/orbweaver/admin.sock')
      return (await allocatedBy({ adminSocket })).toSorted()
    })
  )
}
