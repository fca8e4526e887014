// Machines on one wire with the image on each of them, and the DaemonSet on all: what every test of a deployment
// begins with, and takes down in the end.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildImage } from '../../scripts/image.ts'
import { attempt } from '../support/command.ts'
import { mainPlugins, plugin } from '../support/ipam.ts'
import { RunningDaemonSet } from './daemon-set.ts'
import { Machine } from './machine.ts'
import { Segment } from './segment.ts'

/** What the machine has to have, for requirePrograms. */
export const neededPrograms = [
  ...['containerd', 'ctr', 'runc', 'tar', 'strip', '/bin/busybox', plugin],
  ...mainPlugins('macvlan', 'bridge', 'loopback')
]

export const imageName = 'localhost/orbweaver'

export interface StageOptions {
  readonly machines: number
  /** Tags; each is an image of its own that calls itself so. The first one is imported. */
  readonly releases: readonly string[]
  /** Machines are started anew, so each start has to be another boot; see Machine. */
  readonly hasOwnBoots?: boolean
}

export class Stage implements AsyncDisposable {
  static async set({ machines, releases, hasOwnBoots = false }: StageOptions): Promise<Stage> {
    const stage = new Stage(await Segment.make(), hasOwnBoots)
    try {
      for (const release of releases) await stage.#build(release)
      for (let i = 0; i < machines; i += 1) await stage.#boot()
      await stage.ship(releases[0] ?? '')
      stage.daemons = new RunningDaemonSet(stage.machines)
      return stage
    } catch (error) {
      await stage[Symbol.asyncDispose]()
      throw error
    }
  }

  readonly segment: Segment
  readonly machines: Machine[] = []
  daemons = new RunningDaemonSet([])
  readonly #hasOwnBoots: boolean
  readonly #archives = mkdtempSync(join(tmpdir(), 'images-'))

  private constructor(segment: Segment, hasOwnBoots: boolean) {
    this.segment = segment
    this.#hasOwnBoots = hasOwnBoots
  }

  /** From 1. */
  machine(number: number): Machine {
    const machine = this.machines[number - 1]
    if (machine === undefined) throw new Error(`there is no machine ${number}`)
    return machine
  }

  /** Bring the image of a release to every machine. */
  async ship(release: string): Promise<void> {
    await Promise.all(this.machines.map(machine => machine.importImage(this.#archive(release))))
  }

  /** One machine more, with the image of this release and the pod of the DaemonSet. */
  async join(release: string): Promise<void> {
    const machine = await this.#boot()
    await machine.importImage(this.#archive(release))
    await this.daemons.follow()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemons[Symbol.asyncDispose]().catch(() => {})
    for (const machine of this.machines) await machine[Symbol.asyncDispose]()
    await this.segment[Symbol.asyncDispose]()
    rmSync(this.#archives, { recursive: true, force: true })
  }

  async #build(release: string): Promise<void> {
    const image = await buildImage({ name: `${imageName}:${release}`, release })
    writeFileSync(this.#archive(release), image.archive)
  }

  async #boot(): Promise<Machine> {
    const number = this.machines.length + 1
    const machine = await Machine.boot(number, this.segment, this.#hasOwnBoots)
    this.machines.push(machine)
    return machine
  }

  #archive(release: string): string {
    return join(this.#archives, `${release}.tar`)
  }
}

/** Everything of a machine's network, and its files that runtimes read: to be compared. */
export async function traitsOf(machine: Machine): Promise<Record<string, string>> {
  const commands: Record<string, readonly string[]> = {
    links: ['ip', '-o', 'link', 'show'],
    addresses: ['sh', '-c', "ip -o address show | sed 's/ *valid_lft.*//'"],
    routes: ['ip', 'route', 'show', 'table', 'all'],
    routes6: ['sh', '-c', "ip -6 route show table all | sed 's/ pref.*//' | sort"],
    rules: ['ip', 'rule', 'show'],
    rules6: ['ip', '-6', 'rule', 'show'],
    filters: ['nft', 'list', 'ruleset'],
    namespaces: ['ls', '/run/netns'],
    files: ['find', '/opt/cni', '/etc/cni', '/var/lib/cni', '-not', '-type', 'd']
  }
  const traits: Record<string, string> = {}
  for (const [name, command] of Object.entries(commands)) {
    const { code, stdout, stderr } = await attempt('nsenter', machine.inside(...command))
    traits[name] = code === 0 ? stdout : stderr
  }
  return traits
}
