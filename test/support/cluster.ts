// Several real daemons, each on a machine of its own as far as it can tell: a network namespace, a disk, a
// boot and a machine id. Needs a host of its own (own-host.ts), which takes everything down in the end.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeClusterKey } from '../../src/mesh/cluster-key.ts'
import { peersOf } from './cluster-admin.ts'
import { ClusterNode } from './cluster-node.ts'
import { type Knowledge, knowledgeOf } from './cluster-state.ts'
import { Lan } from './cluster-lan.ts'
import { eventually } from './command.ts'
import { ipamSection, type Pool, poolsYaml } from './ipam.ts'
import { mainProgram } from './main-program.ts'

/** On the disk: where a host of its own has its temporary files, synchronising costs nothing. */
const parent = '/var/tmp'
const port = 7946

export interface ClusterOptions {
  readonly nodes: number
  readonly pools: readonly Pool[]
  /** Further keys of each configuration file. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Further keys of the mesh section of a node, by its number. */
  readonly mesh?: (node: number) => Readonly<Record<string, unknown>>
}

export class Cluster implements AsyncDisposable {
  /** All nodes are started, the registrar first, and agree. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = await Cluster.make(options)
    try {
      for (const node of cluster.nodes) node.launch()
      await Promise.all(cluster.nodes.map(node => node.ready()))
      await cluster.joined()
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  /** No daemon runs yet. */
  static async make(options: ClusterOptions): Promise<Cluster> {
    return new Cluster(options, await Lan.make(options.nodes))
  }

  readonly lan: Lan
  readonly nodes: readonly ClusterNode[]
  readonly pools: readonly Pool[]
  readonly #dir: string

  private constructor({ nodes, pools, config, mesh }: ClusterOptions, lan: Lan) {
    this.lan = lan
    this.pools = pools
    this.#dir = mkdtempSync(join(parent, 'ow-cluster-'))
    const keyFile = join(this.#dir, 'cluster.key')
    makeClusterKey(keyFile)
    const address = (node: number) => `/ip4/${lan.address(node)}/tcp/${port}`
    this.nodes = Array.from({ length: nodes }, (_, i) => {
      const number = i + 1
      const dir = join(this.#dir, `n${number}`)
      mkdirSync(dir)
      return new ClusterNode({
        ...{ number, dir, main: mainProgram() },
        netns: lan.netns(number).path,
        pools: poolsYaml(pools),
        mesh: {
          listen: [address(number)],
          keyFile,
          ...(number === 1 ? { registrar: true } : { peers: [address(1)] }),
          ...mesh?.(number)
        },
        ...(config !== undefined && { config })
      })
    })
  }

  /** From 1. */
  node(number: number): ClusterNode {
    const found = this.nodes[number - 1]
    if (found === undefined) throw new Error(`there is no node ${number}`)
    return found
  }

  /** The network configuration that a runtime on this node has. */
  netconf(node: ClusterNode, ipam: Readonly<Record<string, unknown>> = {}): string {
    return JSON.stringify({
      cniVersion: '1.1.0',
      name: 'underlay',
      type: 'macvlan',
      master: 'eth0',
      mode: 'bridge',
      ipam: { ...ipamSection(node, this.pools), ...ipam }
    })
  }

  knowledge(node: ClusterNode): Knowledge | undefined {
    return knowledgeOf(node.stateDir)
  }

  /** Everybody has joined, and all know of it. */
  async joined(timeoutMs = 60_000): Promise<void> {
    const isWhole = ({ members, owned }: Knowledge) =>
      members === this.nodes.length && owned.size > 0
    await this.agree(this.nodes, timeoutMs, isWhole)
  }

  /**
   * Wait until these nodes know the same of the registry and of every address, nothing is on its way, and each hears each:
   * who was started a moment ago is known by its disk before others can ask it.
   */
  async agree(
    nodes: readonly ClusterNode[] = this.nodes,
    timeoutMs = 60_000,
    and: (known: Knowledge) => boolean = () => true
  ): Promise<Knowledge> {
    let last: readonly (Knowledge | undefined)[] = []
    const isSame = () => {
      last = nodes.map(node => this.knowledge(node))
      const [first] = last
      const same = (known: Knowledge | undefined) =>
        known !== undefined &&
        known.openGrants === 0 &&
        known.registry === first?.registry &&
        known.custody === first.custody
      return first !== undefined && last.every(same) && and(first) ? first : undefined
    }
    try {
      const known = await eventually('all agree', isSame, timeoutMs)
      for (const node of nodes) {
        await eventually(`${node.name} hears all others`, () => hears(node, nodes), timeoutMs)
      }
      return known
    } catch (error) {
      throw new Error(`${String(error)}: ${describe(nodes, last)}`, { cause: error })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(node => node.kill()))
    await this.lan[Symbol.asyncDispose]()
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

async function hears(node: ClusterNode, others: readonly ClusterNode[]): Promise<boolean> {
  const { peers } = await peersOf(node)
  const heard = peers.filter(({ connected, session }) => connected && session)
  return others.every(({ name }) => name === node.name || heard.some(peer => peer.node === name))
}

function describe(nodes: readonly ClusterNode[], all: readonly (Knowledge | undefined)[]): string {
  const lines = nodes.map(({ name }, i) => {
    const known = all[i]
    if (known === undefined) return `${name} knows nothing`
    const { records, registry, custody, openGrants, owned } = known
    const owners = [...owned].map(([owner, count]) => `${owner}:${count}`).join(' ')
    return `${name} ${records} records ${registry.slice(0, 6)} custody ${custody.slice(0, 6)} open grants ${openGrants} (${owners})`
  })
  return lines.join('; ')
}
