// An underlay network out of namespaces: three segments, a router that knows a client beyond, and nodes whose links are
// on all of them. A node has its own addresses on the first segment only, as the parents of macvlan pods mostly have.

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Daemon, startDaemon } from './daemon.ts'
import { type Pool, plugin, poolsYaml } from './ipam.ts'
import { Netns } from './netns.ts'

export const segments = [0, 1, 2] as const

export const clientAddress = { 4: '198.51.100.9', 6: 'fd98::9' } as const

export function routerAddress(segment: number, family: 4 | 6): string {
  return family === 4 ? `10.60.${segment}.1` : `fd60:${segment}::1`
}

export class Underlay implements AsyncDisposable {
  /** `nodes`: how many. */
  static async make(nodes = 2): Promise<Underlay> {
    const underlay = new Underlay(await Netns.make(), await Netns.make(), await Netns.make())
    try {
      await underlay.#build()
      for (let i = 1; i <= nodes; i += 1) await underlay.#addNode(i)
      return underlay
    } catch (error) {
      await underlay[Symbol.asyncDispose]()
      throw error
    }
  }

  readonly #lan: Netns
  readonly router: Netns
  readonly client: Netns
  readonly nodes: Netns[] = []

  private constructor(lan: Netns, router: Netns, client: Netns) {
    this.#lan = lan
    this.router = router
    this.client = client
  }

  node(index: number): Netns {
    const node = this.nodes[index]
    if (node === undefined) throw new Error(`there is no node ${index}`)
    return node
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.nodes, this.router, this.client, this.#lan].map(one => one.remove()))
  }

  async #build(): Promise<void> {
    for (const segment of segments) {
      const kind = ['type', 'bridge', 'stp_state', '0', 'mcast_snooping', '0']
      await this.#lan.ip('link', 'add', `seg${segment}`, ...kind)
      await this.#lan.ip('link', 'set', `seg${segment}`, 'up')
      await this.#plug(this.router, segment, `r${segment}`)
      await this.router.addAddress(`lan${segment}`, `${routerAddress(segment, 4)}/24`)
      await this.router.addAddress(`lan${segment}`, `${routerAddress(segment, 6)}/64`)
    }
    await this.router.connect('far', this.client, 'eth0')
    await this.router.addAddress('far', '198.51.100.1/24')
    await this.router.addAddress('far', 'fd98::1/64')
    await this.client.addAddress('eth0', `${clientAddress[4]}/24`)
    await this.client.addAddress('eth0', `${clientAddress[6]}/64`)
    await this.client.ip('route', 'add', 'default', 'via', '198.51.100.1')
    await this.client.ip('-6', 'route', 'add', 'default', 'via', 'fd98::1')
    await forward(this.router)
  }

  async #addNode(number: number): Promise<void> {
    const node = await Netns.make()
    this.nodes.push(node)
    // Dumps are compared: nothing may change in them by itself.
    await setSysctls(node, withoutDad)
    for (const segment of segments) await this.#plug(node, segment, `n${number}s${segment}`)
    await node.addAddress('lan0', `10.60.0.${10 + number}/24`)
    await node.addAddress('lan0', `fd60:0::${10 + number}/64`)
    await node.ip('route', 'add', 'default', 'via', routerAddress(0, 4))
    await node.ip('-6', 'route', 'add', 'default', 'via', routerAddress(0, 6))
    await forward(node)
  }

  async #plug(who: Netns, segment: number, port: string): Promise<void> {
    await this.#lan.connect(port, who, `lan${segment}`)
    await this.#lan.ip('link', 'set', port, 'master', `seg${segment}`)
  }
}

/** Detection of duplicates goes on for a second and more, and is shown in dumps; the kernel wants both. */
export const withoutDad = {
  'net.ipv6.conf.all.accept_dad': 0,
  'net.ipv6.conf.default.accept_dad': 0
}

async function forward(netns: Netns): Promise<void> {
  await setSysctls(netns, {
    'net.ipv4.ip_forward': 1,
    'net.ipv6.conf.all.forwarding': 1,
    'net.ipv4.conf.all.rp_filter': 0
  })
}

export async function setSysctls(
  netns: Netns,
  values: Readonly<Record<string, number>>
): Promise<void> {
  await netns.exec(
    'sysctl',
    '-qw',
    ...Object.entries(values).map(([key, value]) => `${key}=${value}`)
  )
}

/** Addresses of a segment that a node may give to its pods. */
export function segmentPools(segment: number, node: number): Pool[] {
  const from = 50 + 50 * node
  return [
    {
      name: `lan${segment}-v4`,
      subnet: `10.60.${segment}.0/24`,
      ips: [`10.60.${segment}.${from}-10.60.${segment}.${from + 49}`],
      gateway: routerAddress(segment, 4)
    },
    {
      name: `lan${segment}-v6`,
      subnet: `fd60:${segment}::/64`,
      ips: [`fd60:${segment}::${from}-fd60:${segment}::${from + 49}`],
      gateway: routerAddress(segment, 6)
    }
  ]
}

/** A network of an overlay: between pods and their own node only. */
export const overlayPools: readonly Pool[] = [
  {
    name: 'overlay-v4',
    subnet: '10.244.0.0/24',
    ips: ['10.244.0.10-10.244.0.250'],
    gateway: '10.244.0.1'
  },
  { name: 'overlay-v6', subnet: 'fd44::/64', ips: ['fd44::10-fd44::ffff'], gateway: 'fd44::1' }
]

/** The daemon of a node, in its namespace, and where its plugins are. */
export class NodeDaemon implements AsyncDisposable {
  static async start(
    node: Netns,
    index: number,
    options: {
      readonly documents?: string
      readonly config?: Readonly<Record<string, unknown>>
    } = {}
  ): Promise<NodeDaemon> {
    const pools = [...segments.flatMap(segment => segmentPools(segment, index)), ...overlayPools]
    const documents = options.documents === undefined ? '' : `---\n${options.documents}`
    const bin = mkdtempSync(join(tmpdir(), 'orb-bin-'))
    const names = ['orbweaver', 'orbweaver-coordinator', 'orbweaver-ifacer']
    for (const name of names) symlinkSync(plugin, join(bin, name))
    const start = (dir?: string) =>
      startDaemon({
        prefix: ['ip', 'netns', 'exec', node.name ?? ''],
        pools: poolsYaml(pools) + documents,
        // Whoever knew an address by an earlier pod's hardware address has to forget that first.
        config: { cooldown: { seconds: 300 }, ...options.config },
        ...(dir !== undefined && { dir })
      })
    return new NodeDaemon(node, bin, await start(), start)
  }

  readonly node: Netns
  readonly bin: string
  daemon: Daemon
  readonly #start: (dir: string) => Promise<Daemon>

  private constructor(
    node: Netns,
    bin: string,
    daemon: Daemon,
    start: (dir: string) => Promise<Daemon>
  ) {
    this.node = node
    this.bin = bin
    this.daemon = daemon
    this.#start = start
  }

  async restart(how: 'stop' | 'kill'): Promise<void> {
    await this.daemon[how]()
    this.daemon = await this.#start(this.daemon.dir)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]()
    rmSync(this.daemon.dir, { recursive: true, force: true })
    rmSync(this.bin, { recursive: true, force: true })
  }
}

/**
 * What a person would look at: links, addresses, routes, rules, permanent neighbours, nftables; as text. How many
 * macvlans a link has is others’ business, times go on, and a link that is up takes a moment to say so.
 */
export async function dumpOf(netns: Netns): Promise<string> {
  const parts = await Promise.all([
    netns.ipAll(['-o', '-d'], 'link show', 'address show', 'neighbour show nud permanent'),
    netns.ipAll(['-4'], 'route show table all', 'rule show'),
    netns.ipAll(['-6'], 'route show table all', 'rule show'),
    netns.exec('nft', 'list', 'ruleset')
  ])
  return parts
    .map(part =>
      part.replaceAll(
        /valid_lft \d+sec|preferred_lft \d+sec|expires \d+sec|promiscuity \d+|state [A-Z]+/g,
        ''
      )
    )
    .join('\n')
}
