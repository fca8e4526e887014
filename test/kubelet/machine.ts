// A machine of a test: network, mounts, processes and host name of its own, and a containerd. What it keeps is on the
// real disk and survives a reboot; what it runs does not.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { basename, join } from 'node:path'
import { attempt, eventually, type Outcome, run } from '../support/command.ts'
import { containerdConfig, importPauseImage } from '../support/containerd.ts'
import { Cri } from '../support/cri.ts'
import { mainPlugins } from '../support/ipam.ts'
import type { Netns } from '../support/netns.ts'
import { hasOwnHost } from '../support/own-host.ts'
import type { Segment } from './segment.ts'

/** On the real disk: overlays do not lie on overlays, and synchronising costs what it costs. */
const parent = '/var/tmp'

/** Directories of a machine that outlive its running, and where they are on it. */
const kept = {
  opt: '/opt',
  cni: '/etc/cni',
  'lib-cni': '/var/lib/cni',
  state: '/var/lib/orbweaver',
  kubelet: '/var/lib/kubelet',
  containerd: '/var/lib/containerd'
}

/** Which life of the machine this is: `bootIdFile` for daemons in containers. */
export const bootIdFile = '/run/boot-id'

const socket = '/run/containerd/containerd.sock'

export class Machine implements AsyncDisposable {
  /** `hasOwnBoots`: it has boot ids of its own, for daemons that are told `bootIdFile`. */
  static async boot(number: number, segment: Segment, hasOwnBoots: boolean): Promise<Machine> {
    if (!hasOwnHost) throw new Error('machines are only made on a host of their own')
    const machine = new Machine(
      number,
      segment.address(number),
      await segment.plug(number),
      hasOwnBoots
    )
    await machine.#start()
    await importPauseImage(machine.path(socket), machine.#dir)
    return machine
  }

  readonly name: string
  readonly address: string
  readonly netns: Netns
  readonly #hasOwnBoots: boolean
  readonly #dir = mkdtempSync(join(parent, 'ow-machine-'))
  #init: ChildProcess | undefined
  #pid = 0
  #cri: Cri | undefined

  private constructor(number: number, address: string, netns: Netns, hasOwnBoots: boolean) {
    this.#hasOwnBoots = hasOwnBoots
    this.name = `node-${number}`
    this.address = address
    this.netns = netns
    for (const name of ['run', ...Object.keys(kept)]) mkdirSync(join(this.#dir, name))
    mkdirSync(join(this.#dir, 'opt/cni/bin'), { recursive: true })
    mkdirSync(join(this.#dir, 'cni/net.d'))
    for (const path of mainPlugins('loopback', 'macvlan', 'bridge', 'host-local')) {
      symlinkSync(path, join(this.#dir, 'opt/cni/bin', path.replace(/.*\//, '')))
    }
    writeFileSync(join(this.#dir, 'machine-id'), `${String(number).padStart(32, '0')}\n`)
  }

  get cri(): Cri {
    if (this.#cri === undefined) throw new Error(`${this.name}: containerd is not running`)
    return this.#cri
  }

  /** A file of this machine, as it is seen from here. */
  path(path: string): string {
    return `/proc/${this.#pid}/root${path}`
  }

  /** Arguments of nsenter that run a program on this machine. */
  inside(...command: readonly string[]): string[] {
    const namespaces = ['--mount', '--net', '--uts', '--pid']
    return ['--target', String(this.#pid), ...namespaces, '--', ...command]
  }

  /** Run a program on this machine, whatever its status is. */
  attempt(...command: readonly string[]): Promise<Outcome> {
    return attempt('nsenter', this.inside(...command))
  }

  /** And throw when it fails. */
  exec(...command: readonly string[]): Promise<string> {
    return run('nsenter', this.inside(...command))
  }

  async importImage(archive: string): Promise<void> {
    const address = ['--address', this.path(socket), '-n', 'k8s.io']
    await run('ctr', [...address, 'images', 'import', '--snapshotter', 'overlayfs', archive])
  }

  /** SIGKILL for containerd; what it has started goes on. */
  async killContainerd(): Promise<void> {
    this.#cri?.[Symbol.dispose]()
    this.#cri = undefined
    for (const pid of this.processes('containerd')) process.kill(pid, 'SIGKILL')
    await eventually('containerd is gone', () => this.processes('containerd').length === 0)
  }

  async startContainerd(): Promise<void> {
    const log = openSync(join(this.#dir, 'containerd.log'), 'a')
    const command = ['containerd', '--config', '/var/lib/containerd/config.toml']
    spawn('nsenter', this.inside(...command), {
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'] }
    }).unref()
    closeSync(log)
    const cri = new Cri(this.path(socket), '/var/lib/kubelet/logs')
    this.#cri = cri
    await eventually('containerd answers', () => cri.version().catch(() => undefined))
  }

  /** Power off, and on again: nothing runs, /run is empty, and it is another boot. */
  async reboot(): Promise<void> {
    await this.#halt()
    rmSync(join(this.#dir, 'run'), { recursive: true, force: true })
    mkdirSync(join(this.#dir, 'run'))
    await this.#start()
  }

  /** Numbers of its processes that execute a program of this name, as they are here. */
  processes(name: string): number[] {
    const own = readlinkSync(`/proc/${this.#pid}/ns/pid`)
    const isOne = (pid: string) => {
      try {
        return (
          basename(readlinkSync(`/proc/${pid}/exe`)) === name &&
          readlinkSync(`/proc/${pid}/ns/pid`) === own
        )
      } catch {
        return false
      }
    }
    const all = readdirSync('/proc').filter(entry => /^\d+$/.test(entry))
    return all.filter(isOne).map(Number)
  }

  containerdLog(): string {
    return readFileSync(join(this.#dir, 'containerd.log'), 'utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#halt()
    await this.netns.remove()
    rmSync(this.#dir, { recursive: true, force: true })
  }

  async #start(): Promise<void> {
    const [dir, places] = [this.#dir, Object.entries(kept)]
    writeFileSync(
      join(dir, 'containerd/config.toml'),
      containerdConfig({
        ...{ dir: '/var/lib/containerd', socket, snapshotter: 'overlayfs' },
        ...{ binDir: '/opt/cni/bin', confDir: '/etc/cni/net.d' }
      })
    )
    writeFileSync(join(dir, 'boot-id'), `${randomUUID()}\n`)
    const script = [
      'set -e',
      `mount --bind ${dir}/run /run`,
      'mkdir -p /run/containerd /run/netns',
      ...(this.#hasOwnBoots
        ? [
            // Containers have a /proc of their own, which tells the real one: they have to be told of this one.
            `mount --bind ${dir}/boot-id /proc/sys/kernel/random/boot_id`,
            `cp ${dir}/boot-id ${bootIdFile}`
          ]
        : []),
      ...places.map(([name, place]) => `mkdir -p ${place}; mount --bind ${dir}/${name} ${place}`),
      `test -e /etc/machine-id || : > /etc/machine-id`,
      `mount --bind ${dir}/machine-id /etc/machine-id`,
      `hostname ${this.name}`,
      // As systemd has it: what is mounted on the machine shows up in containers that ask for that.
      'mount --make-rshared /',
      `echo up > /run/up`,
      // Somebody has to reap what runtimes leave behind.
      'while :; do sleep 1000 & wait; done'
    ].join('\n')
    const namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc']
    const init = spawn(
      'nsenter',
      [`--net=${this.netns.path}`, 'unshare', ...namespaces, 'sh', '-c', script],
      { stdio: ['ignore', 'ignore', 'inherit'] }
    )
    this.#init = init
    await eventually(`${this.name} is up`, () => {
      if (init.exitCode !== null) throw new Error(`${this.name} did not start`)
      const child = childOf(init.pid ?? 0)
      this.#pid = child ?? 0
      return child !== undefined && isThere(this.path('/run/up'))
    })
    await this.startContainerd()
  }

  async #halt(): Promise<void> {
    this.#cri?.[Symbol.dispose]()
    this.#cri = undefined
    const init = this.#init
    this.#init = undefined
    if (init === undefined || init.exitCode !== null || init.signalCode !== null) return
    const ended = once(init, 'exit')
    // The first process takes all others of its namespace along, and with them go all mounts.
    process.kill(this.#pid, 'SIGKILL')
    await ended
  }
}

function childOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return text === '' ? undefined : Number(text.split(' ')[0])
  } catch {
    return undefined
  }
}

function isThere(path: string): boolean {
  try {
    readFileSync(path)
    return true
  } catch {
    return false
  }
}
