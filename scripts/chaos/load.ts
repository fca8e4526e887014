// The runtime of one node under load: pods come and go in its sandboxes, each by executing the real plugin.
// Now and then it repeats an ADD, or a DEL of a pod that ended long ago, as runtimes do.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../test/support/cluster.ts'
import type { ClusterNode } from '../../test/support/cluster-node.ts'
import { plugin } from '../../test/support/ipam.ts'
import { execute } from '../../test/support/plugin.ts'
import { nextContainerId } from '../bench/container-ids.ts'
import type { History } from './history.ts'
import type { Sandbox } from './sandbox.ts'

/** Pods that start or end at a time. */
export const linesPerNode = 3
/** Of those that a line could have: the rest of the pool keeps moving between nodes. */
const keptShare = 0.5
const pauseMs = { least: 20, most: 150 }
const repeatShare = 0.1
/** Less than runtimes wait, so that a node that is down is asked again soon. */
const patience = { connect_timeout_seconds: 2, answer_timeout_seconds: 12 }

interface Pod {
  readonly id: string
  readonly sandbox: Sandbox
  readonly address: string
}

export interface LoadOptions {
  readonly cluster: Cluster
  readonly node: ClusterNode
  readonly sandboxes: readonly Sandbox[]
  readonly history: History
  readonly chance: () => number
}

export class Load {
  readonly #options: LoadOptions
  readonly #lines: readonly { readonly idle: Sandbox[]; readonly pods: Pod[] }[]
  readonly #gone: Pod[] = []

  constructor(options: LoadOptions) {
    this.#options = options
    this.#lines = Array.from({ length: linesPerNode }, (_, line) => ({
      idle: options.sandboxes.filter((_, i) => i % linesPerNode === line),
      pods: []
    }))
  }

  async run(until: AbortSignal): Promise<void> {
    const { chance } = this.#options
    const work = this.#lines.map(async ({ idle, pods }) => {
      const most = Math.floor(idle.length * keptShare)
      while (!until.aborted) {
        const wantsMore = pods.length < most && (pods.length === 0 || chance() < 0.55)
        if (wantsMore) await this.#start(idle, pods)
        else await this.#end(idle, pods)
        await sleep(pauseMs.least + chance() * (pauseMs.most - pauseMs.least))
      }
    })
    await Promise.all(work)
  }

  /** Every sandbox gets a pod; those that get none within the time stay empty. */
  async fill(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs
    const work = this.#lines.map(async ({ idle, pods }) => {
      while (idle.length > 0 && performance.now() < end) await this.#start(idle, pods)
    })
    await Promise.all(work)
  }

  async empty(): Promise<void> {
    const work = this.#lines.map(async ({ idle, pods }) => {
      while (pods.length > 0) await this.#end(idle, pods)
    })
    await Promise.all(work)
  }

  async #start(idle: Sandbox[], pods: Pod[]): Promise<void> {
    const { chance } = this.#options
    const sandbox = idle.shift()
    if (sandbox === undefined) return
    const id = nextContainerId()
    const first = await this.#add(sandbox, id)
    const isRepeated = first !== undefined && chance() < repeatShare
    const address = isRepeated ? await this.#add(sandbox, id) : first
    if (address === undefined) {
      // A repeated ADD that was refused leaves what the first one got until this DEL.
      if (first !== undefined) this.#noteEnd(id, first)
      await this.#execute('DEL', sandbox, id) // which runtimes do after a failed ADD
      idle.push(sandbox)
      return
    }
    sandbox.address = address
    pods.push({ id, sandbox, address })
  }

  async #end(idle: Sandbox[], pods: Pod[]): Promise<void> {
    const { chance } = this.#options
    const pod = pods.shift()
    if (pod === undefined) return
    pod.sandbox.address = undefined
    this.#noteEnd(pod.id, pod.address)
    await this.#execute('DEL', pod.sandbox, pod.id)
    idle.push(pod.sandbox)
    this.#gone.push(pod)
    const old = chance() < repeatShare ? this.#gone.shift() : undefined
    if (old !== undefined) await this.#execute('DEL', old.sandbox, old.id)
  }

  #noteEnd(id: string, address: string): void {
    const { history, node } = this.#options
    history.ends.push({ node: node.number, id, address, at: history.now() })
  }

  async #add(sandbox: Sandbox, id: string): Promise<string | undefined> {
    const { history, node } = this.#options
    const event = { node: node.number, id, from: history.now() }
    const { status, stdout } = await this.#execute('ADD', sandbox, id)
    const printed = stdout === '' ? {} : JSON.parse(stdout)
    const address = status === 0 ? String(printed.ips[0].address).replace(/\/.*/, '') : undefined
    history.adds.push({
      ...event,
      to: history.now(),
      address,
      ...(address === undefined && { code: printed.code ?? -1, msg: printed.msg ?? '' })
    })
    return address
  }

  async #execute(verb: 'ADD' | 'DEL', sandbox: Sandbox, id: string) {
    const { cluster, node } = this.#options
    return execute(plugin, {
      env: {
        CNI_COMMAND: verb,
        CNI_CONTAINERID: id,
        CNI_NETNS: sandbox.path,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/opt/cni/bin',
        CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=chaos;K8S_POD_NAME=pod-${id.slice(0, 8)}`
      },
      stdin: cluster.netconf(node, patience)
    })
  }
}
