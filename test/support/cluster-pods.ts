// Pods on the nodes of a cluster, started and ended by the real plugin, and a judge who knows of them only
// what the plugin printed: an address is in use from its ADD's answer until its pod's end begins.

import { setTimeout as sleep } from 'node:timers/promises'
import { nextContainerId } from '../../scripts/bench/container-ids.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterNode } from './cluster-node.ts'
import { plugin } from './ipam.ts'
import { execute } from './plugin.ts'

export interface Pod {
  readonly id: string
  readonly node: ClusterNode
  readonly address: string
}

export interface Refused {
  readonly code: number
  readonly msg: string
  readonly details: string
}

export type Started = { readonly ms: number } & (
  { readonly pod: Pod } | { readonly refused: Refused }
)

/** How long a plugin looks for a daemon, and waits in all, in seconds: less than by default. */
export interface Patience {
  readonly connect_timeout_seconds?: number
  readonly answer_timeout_seconds?: number
}

export interface ChurnOptions {
  /** How many pods a node keeps. */
  readonly each?: number
  readonly pauseMs?: number
  readonly patience?: Patience
}

export class Pods {
  readonly #cluster: Cluster
  /** CNI_NETNS of every pod. */
  readonly #netns: string
  readonly #live = new Map<string, Pod>()
  /** What must never be: an address that was given twice. */
  readonly doubles: string[] = []
  /** How long each ADD took that got an address, in milliseconds. */
  readonly waits: number[] = []

  constructor(cluster: Cluster, netns: string) {
    this.#cluster = cluster
    this.#netns = netns
  }

  get live(): readonly Pod[] {
    return [...this.#live.values()]
  }

  on(node: ClusterNode): readonly Pod[] {
    return this.live.filter(pod => pod.node === node)
  }

  async add(
    node: ClusterNode,
    patience: Patience = {},
    id: string = nextContainerId(),
    name?: string
  ): Promise<Started> {
    const { status, stdout, took } = await this.#execute('ADD', node, id, patience, name)
    const printed = JSON.parse(stdout === '' ? '{"code":0,"msg":"nothing"}' : stdout)
    if (status !== 0) {
      // As a runtime does: whether anything came of it, only the daemon can know, which may have ended since.
      await this.#execute('DEL', node, id, patience, name)
      return { refused: printed as Refused, ms: took }
    }
    const [{ address }] = printed.ips as [{ address: string }]
    const pod = { id, node, address: address.replace(/\/.*/, '') }
    const other = this.#live.get(pod.address)
    if (other !== undefined && other.id !== id) {
      this.doubles.push(`${pod.address}: ${other.node.name} and ${node.name}`)
    }
    this.#live.set(pod.address, pod)
    this.waits.push(took)
    return { pod, ms: took }
  }

  /** As add, of a pod with this name. */
  async addNamed(node: ClusterNode, name: string, patience: Patience = {}): Promise<Started> {
    return this.add(node, patience, nextContainerId(), name)
  }

  /** As add; throws with the refusal. */
  async start(node: ClusterNode, patience: Patience = {}): Promise<Pod> {
    const started = await this.add(node, patience)
    if ('pod' in started) return started.pod
    throw new Error(`ADD on ${node.name}: ${JSON.stringify(started.refused)}`)
  }

  /** The pod's link is gone before its address is released. A DEL never fails. */
  async stop(pod: Pod): Promise<void> {
    this.forget(pod)
    const { status, stdout } = await this.#execute('DEL', pod.node, pod.id, {})
    if (status !== 0) throw new Error(`DEL on ${pod.node.name}: ${stdout}`)
  }

  /** The machine lost its power, and its pods with it. */
  forget(pod: Pod): void {
    if (this.#live.get(pod.address)?.id === pod.id) this.#live.delete(pod.address)
  }

  /** So many at a time on every node. */
  async stopAll(pods: readonly Pod[] = this.live): Promise<void> {
    await inTurn(pods, 8, async pod => this.stop(pod))
  }

  /** Start pods all over these nodes until so many have an address; throws when one gets none. */
  async spread(nodes: readonly ClusterNode[], count: number): Promise<void> {
    const turns = Array.from({ length: count }, (_, i) => nodes[i % nodes.length] as ClusterNode)
    await inTurn(turns, 8, async node => {
      await this.start(node)
    })
  }

  /** Pods come and go on these nodes until it is called off; what was refused meanwhile. */
  async churn(
    nodes: readonly ClusterNode[],
    until: AbortSignal,
    options: ChurnOptions = {}
  ): Promise<Refused[]> {
    const { each = 6, pauseMs = 20, patience = { connect_timeout_seconds: 1 } } = options
    const refusals: Refused[] = []
    const one = async (node: ClusterNode) => {
      const own: Pod[] = []
      while (!until.aborted) {
        const started = await this.add(node, patience)
        if ('pod' in started) own.push(started.pod)
        else refusals.push(started.refused)
        if (own.length > each) await this.stop(own.shift() as Pod)
        await sleep(pauseMs)
      }
    }
    await Promise.all(nodes.map(one))
    return refusals
  }

  async #execute(
    verb: 'ADD' | 'DEL',
    node: ClusterNode,
    id: string,
    patience: Patience,
    name = `pod-${id.slice(0, 8)}`
  ) {
    return execute(plugin, {
      env: {
        CNI_COMMAND: verb,
        CNI_CONTAINERID: id,
        CNI_NETNS: this.#netns,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/opt/cni/bin',
        CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=test;K8S_POD_NAME=${name}`
      },
      stdin: this.#cluster.netconf(node, { ...patience })
    })
  }
}

async function inTurn<Item>(
  items: readonly Item[],
  atOnce: number,
  each: (item: Item) => Promise<void>
): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await each(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
