// Machines, cables and a switch out of network namespaces: the switch is a bridge in a namespace of its own,
// each node has one end of a cable to it. The machine's own links are never touched, and everything is found
// again by the prefix of its name, so that another process can go on with it or take it down.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, run } from './command.ts'
import { nodeAddress, routerInterface } from './pools.ts'

const netnsDir = '/run/netns'

/** The link of a node that pods get their own from. */
export const uplink = 'uplink'

const switchRole = 'switch'
const bridge = 'switch0'

/** How long processes have to end by themselves. */
const endWithinMs = 5_000

export class Network {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** The name of a namespace, for `ip netns`. */
  name(role: string): string {
    return `${this.#prefix}${role}`
  }

  /** As CNI_NETNS. */
  path(role: string): string {
    return join(netnsDir, this.name(role))
  }

  has(role: string): boolean {
    return existsSync(this.path(role))
  }

  /** What there is, without the prefix. */
  roles(): string[] {
    return namesIn(netnsDir, this.#prefix).map(name => name.slice(this.#prefix.length))
  }

  /** Throws when the kernel lacks bridges, veth or macvlan, before anything relies on them. */
  async makeSwitch(): Promise<void> {
    await this.#make(switchRole)
    // Nobody asks for multicast here, and neighbour discovery of IPv6 needs it.
    const kind = ['type', 'bridge', 'stp_state', '0', 'mcast_snooping', '0']
    await this.#ip(switchRole, 'link', 'add', bridge, ...kind)
    await this.#ip(switchRole, 'address', 'add', routerInterface, 'dev', bridge)
    await this.#ip(switchRole, 'link', 'set', bridge, 'up')
    const probe = ['link', bridge, 'type', 'macvlan', 'mode', 'bridge']
    await this.#ip(switchRole, 'link', 'add', 'probe', ...probe)
    await this.#ip(switchRole, 'link', 'delete', 'probe')
  }

  /** A node with its own address, on a cable to the switch. */
  async makeNode(role: string, number: number): Promise<void> {
    await this.#make(role)
    const far = ['peer', 'name', portOf(role), 'netns', this.name(switchRole)]
    await this.#ip(role, 'link', 'add', uplink, 'type', 'veth', ...far)
    await this.#ip(switchRole, 'link', 'set', portOf(role), 'master', bridge, 'up')
    await this.#ip(role, 'address', 'add', `${nodeAddress(number)}/24`, 'dev', uplink)
    await this.#ip(role, 'link', 'set', uplink, 'up')
  }

  async makePod(role: string): Promise<string> {
    await this.#make(role)
    return this.path(role)
  }

  async removePod(role: string): Promise<void> {
    await run('ip', ['netns', 'delete', this.name(role)])
  }

  async cut(role: string): Promise<void> {
    await this.#ip(switchRole, 'link', 'set', portOf(role), 'down')
  }

  async heal(role: string): Promise<void> {
    await this.#ip(switchRole, 'link', 'set', portOf(role), 'up')
  }

  async isCut(role: string): Promise<boolean> {
    const { stdout } = await this.#ip(switchRole, '-json', 'link', 'show', 'dev', portOf(role))
    const [link] = JSON.parse(stdout) as { flags: string[] }[]
    return link?.flags.includes('UP') !== true
  }

  /** Arguments of `ip` that run a command in a namespace. */
  inside(role: string, ...command: readonly string[]): string[] {
    return ['netns', 'exec', this.name(role), ...command]
  }

  /** End what runs in the namespaces, and remove them; links go with them. */
  async remove(): Promise<void> {
    const roles = this.roles()
    const pids = (await Promise.all(roles.map(role => this.#pids(role)))).flat()
    await endProcesses(pids)
    await Promise.all(
      roles.map(role => run('ip', ['netns', 'delete', this.name(role)], { cleaning: true }))
    )
  }

  async #pids(role: string): Promise<number[]> {
    const args = ['netns', 'pids', this.name(role)]
    const { status, stdout } = await attempt('ip', args, { cleaning: true })
    return status === 0 ? stdout.split('\n').filter(Boolean).map(Number) : []
  }

  async #make(role: string): Promise<void> {
    await run('ip', ['netns', 'add', this.name(role)])
    await this.#ip(role, 'link', 'set', 'lo', 'up')
  }

  #ip(role: string, ...args: readonly string[]) {
    return run('ip', ['-n', this.name(role), ...args])
  }
}

/** SIGTERM, and SIGKILL to those that are still there later. */
export async function endProcesses(pids: readonly number[]): Promise<void> {
  const end = performance.now() + endWithinMs
  let left = pids.filter(pid => signal(pid, 'SIGTERM'))
  for (const pid of left) signal(pid, 'SIGCONT') // who is stopped would not hear of it
  while (left.length > 0 && performance.now() < end) {
    await sleep(5)
    left = left.filter(isAlive)
  }
  for (const pid of left) signal(pid, 'SIGKILL')
}

export function namesIn(dir: string, prefix: string): string[] {
  return (existsSync(dir) ? readdirSync(dir) : []).filter(name => name.startsWith(prefix))
}

/** Names of links have at most 15 characters. */
function portOf(role: string): string {
  return `to-${role}`
}

/** What has ended and waits for its parent to look does not count: its parent may be this process. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
