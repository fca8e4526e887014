// Network namespaces, links and addresses for tests. Names carry the process id, so that what a dead
// test process left behind is known for what it is and removed by the next one.

import { existsSync, readdirSync, statfsSync } from 'node:fs'
import { attempt, run } from './command.ts'
import { hasOwnHost } from './own-host.ts'

const prefix = 'ow-test-'
const netnsDir = '/run/netns'
/** NSFS_MAGIC of linux/magic.h. */
const nsfs = 0x6e736673
let made = 0

export interface Link {
  readonly name: string
  readonly mac: string
  readonly up: boolean
  /** With their prefix lengths, the kernel's own fe80:: ones left out. */
  readonly addresses: readonly string[]
}

export interface Route {
  readonly to: string
  readonly via: string | undefined
}

export class Netns implements AsyncDisposable {
  /** The one this process is in; only where that is its own and not the host's. */
  static here(): Netns {
    if (!hasOwnHost) throw new Error('a test never works in the network namespace of the host')
    return new Netns(undefined)
  }

  static async make(): Promise<Netns> {
    if (made === 0) await sweep()
    const name = `${prefix}${process.pid}-${(made += 1)}`
    await run('ip', ['netns', 'add', name])
    const netns = new Netns(name)
    await netns.ip('link', 'set', 'lo', 'up')
    return netns
  }

  /** Those on a host of its own that this class has not made. */
  static others(): Netns[] {
    if (!hasOwnHost) throw new Error('a test never works in the namespaces of the host')
    return namedNamespaces()
      .filter(name => !name.startsWith(prefix))
      .map(name => new Netns(name))
  }

  readonly name: string | undefined

  private constructor(name: string | undefined) {
    this.name = name
  }

  /** As CNI_NETNS. */
  get path(): string {
    return this.name === undefined ? '/proc/self/ns/net' : `${netnsDir}/${this.name}`
  }

  /** Whoever is killed between making the file and mounting the namespace on it leaves an empty file. */
  get isMounted(): boolean {
    return statfsSync(this.path).type === nsfs
  }

  async ip(...args: readonly string[]): Promise<string> {
    return run('ip', this.name === undefined ? args : ['-n', this.name, ...args])
  }

  /** Several commands of ip(8) in one process, with the same options. */
  async ipAll(options: readonly string[], ...commands: readonly string[]): Promise<string> {
    const where = this.name === undefined ? [] : ['-n', this.name]
    return run('ip', [...where, ...options, '-batch', '-'], { input: commands.join('\n') })
  }

  async exec(...command: readonly string[]): Promise<string> {
    const [program = '', ...args] = this.inside(command)
    return run(program, args)
  }

  /** The command line that executes this one there. `ip netns exec` would mount /sys anew, which nobody here looks at. */
  inside(command: readonly string[]): readonly string[] {
    return this.name === undefined ? command : ['nsenter', `--net=${this.path}`, '--', ...command]
  }

  /** Two namespaces joined by a cable, both ends up. */
  async connect(link: string, other: Netns, otherLink: string): Promise<void> {
    // Made under a name nobody else has: both ends of a new pair begin in one namespace.
    const far = `${otherLink}-${process.pid}`.slice(-15)
    await this.ip('link', 'add', link, 'type', 'veth', 'peer', 'name', far)
    await this.ip('link', 'set', far, 'netns', other.name ?? String(process.pid))
    await other.ip('link', 'set', far, 'name', otherLink)
    await this.ip('link', 'set', link, 'up')
    await other.ip('link', 'set', otherLink, 'up')
  }

  async addBridge(name: string): Promise<void> {
    await this.ip('link', 'add', name, 'type', 'bridge')
    await this.ip('link', 'set', name, 'up')
  }

  async addMacvlan(name: string, master: string): Promise<void> {
    await this.ip('link', 'add', name, 'link', master, 'type', 'macvlan', 'mode', 'bridge')
    await this.ip('link', 'set', name, 'up')
  }

  /** `nodad`: a test's own address is usable at once. */
  async addAddress(link: string, address: string): Promise<void> {
    await this.ip(
      'address',
      'add',
      address,
      'dev',
      link,
      ...(address.includes(':') ? ['nodad'] : [])
    )
  }

  async links(): Promise<Link[]> {
    return readLinks(JSON.parse(await this.ip('-j', 'address', 'show')))
  }

  async link(name: string): Promise<Link | undefined> {
    return (await this.links()).find(link => link.name === name)
  }

  /** The main table of one family. */
  async routes(family: 4 | 6): Promise<Route[]> {
    const routes = JSON.parse(await this.ip('-j', `-${family}`, 'route', 'show')) as {
      dst: string
      gateway?: string
    }[]
    return routes.map(({ dst, gateway }) => ({ to: dst, via: gateway }))
  }

  /** The summary line of ping; throws when no answer came. */
  async ping(address: string): Promise<string> {
    const out = await this.exec('ping', '-n', '-c', '1', '-i', '0.2', '-w', '5', address)
    return /^.*bytes from.*$/m.exec(out)?.[0] ?? out
  }

  /** Its processes end, its path goes, and its links with it. */
  async remove(): Promise<void> {
    if (this.name === undefined || !existsSync(this.path)) return
    const processes = (await attempt('ip', ['netns', 'pids', this.name])).stdout.trim()
    for (const pid of processes === '' ? [] : processes.split('\n')) endProcess(Number(pid))
    await attempt('ip', ['netns', 'delete', this.name])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove()
  }
}

/** Remove the namespaces of test processes that are no more; their links go with them. */
async function sweep(): Promise<void> {
  for (const name of namedNamespaces()) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      await attempt('ip', ['netns', 'delete', name])
    }
  }
}

function namedNamespaces(): string[] {
  return existsSync(netnsDir) ? readdirSync(netnsDir) : []
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function readLinks(printed: unknown): Link[] {
  const links = printed as {
    ifname: string
    address: string
    flags: string[]
    addr_info: { local: string; prefixlen: number; scope: string }[]
  }[]
  return links.map(link => ({
    name: link.ifname,
    mac: link.address,
    up: link.flags.includes('UP'),
    addresses: link.addr_info
      .filter(({ scope }) => scope === 'global')
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
  }))
}
