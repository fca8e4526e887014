// Execute a main plugin as a container runtime does: configuration on stdin, everything else in the
// environment. It executes our IPAM plugin from CNI_PATH.

import { randomBytes } from 'node:crypto'
import { delimiter, join } from 'node:path'
import { attempt } from './command.ts'
import { mainPluginDir, pluginDir } from './ipam.ts'
import { Netns } from './netns.ts'

export type Verb = 'ADD' | 'CHECK' | 'DEL'

export interface Invocation {
  readonly containerId: string
  /** CNI_NETNS, a path; empty for a runtime that no longer has one. */
  readonly netnsPath: string
  /** CNI_ARGS */
  readonly args?: string
}

export interface CniResult {
  readonly ips?: readonly { readonly address: string; readonly gateway?: string }[]
}

export type NetworkConfiguration = Readonly<Record<string, unknown>> & { readonly type: string }

/** What the plugin printed; throws with its error when it failed. DEL and CHECK print nothing. */
export async function invoke(
  verb: Verb,
  network: NetworkConfiguration,
  { containerId, netnsPath, args = '' }: Invocation
): Promise<CniResult> {
  const { code, stdout, stderr } = await attempt(join(mainPluginDir, network.type), [], {
    env: {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: netnsPath,
      CNI_IFNAME: 'eth0',
      CNI_ARGS: args,
      CNI_PATH: [pluginDir, mainPluginDir].join(delimiter)
    },
    input: JSON.stringify(network)
  })
  if (code !== 0) throw new Error(`${network.type} ${verb}: ${stdout}${stderr}`)
  return JSON.parse(stdout === '' ? '{}' : stdout)
}

/** A pod without containers: a namespace of its own with eth0 of a network in it. */
export class Pod implements Invocation, AsyncDisposable {
  static async add(network: NetworkConfiguration): Promise<Pod> {
    const pod = new Pod(network, await Netns.make())
    try {
      pod.result = await invoke('ADD', network, pod)
      const link = await pod.netns.link('eth0')
      pod.addresses = link?.addresses ?? []
      return pod
    } catch (error) {
      await pod[Symbol.asyncDispose]()
      throw error
    }
  }

  readonly network: NetworkConfiguration
  readonly netns: Netns
  readonly containerId = randomBytes(32).toString('hex')
  result: CniResult = {}
  /** What the kernel shows on eth0, each with its prefix length. */
  addresses: readonly string[] = []

  constructor(network: NetworkConfiguration, netns: Netns) {
    this.network = network
    this.netns = netns
  }

  get netnsPath(): string {
    return this.netns.path
  }

  address(family: 4 | 6): string {
    const found = this.addresses.find(address => address.includes(':') === (family === 6))
    if (found === undefined) throw new Error(`no IPv${family} address on eth0`)
    return found.replace(/\/.*/, '')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await invoke('DEL', this.network, this)
    } finally {
      await this.netns.remove()
    }
  }
}
