// What a container runtime does for a pod on a node, as the CNI specification has it: execute the plugin of
// the network, which executes ours for the addresses.

import { join } from 'node:path'
import { attempt, type Outcome } from './command.ts'
import { type Network, uplink } from './network.ts'
import type { NodePlace } from './node-place.ts'
import { mainPluginDir, plugin, pluginDir } from './programs.ts'

export interface Pod {
  readonly name: string
  /** As CNI_NETNS. */
  readonly netns: string
}

export interface Added {
  /** With their prefix lengths, IPv4 first. */
  readonly addresses: readonly string[]
  readonly ms: number
}

interface CniResult {
  readonly ips?: readonly { readonly address: string }[]
}

interface CniError {
  readonly code?: number
  readonly msg?: string
  readonly details?: string
}

type Verb = 'ADD' | 'DEL'

export class Runtime {
  readonly #node: string
  readonly #network: Network | undefined
  readonly #conf: string

  /** Without a network pods get addresses and no interface. */
  constructor({ name, socket, queue }: NodePlace, network: Network | undefined) {
    this.#node = name
    this.#network = network
    this.#conf = JSON.stringify({
      cniVersion: '1.0.0',
      name: 'underlay',
      type: 'macvlan',
      master: uplink,
      mode: 'bridge',
      ipam: { type: 'orbweaver', socket, queue }
    })
  }

  /** `exactly` asks for one address and no other. */
  async add(pod: Pod, exactly?: string): Promise<Added> {
    return added(await this.#execute('ADD', pod, exactly))
  }

  /** Our plugin alone: addresses on disk, and no interface. */
  async addAddresses(pod: Pod): Promise<Added> {
    return added(await this.#executeAlone('ADD', pod))
  }

  /** How long it took, in milliseconds. */
  async delete(pod: Pod): Promise<number> {
    return (await this.#execute('DEL', pod)).ms
  }

  async #execute(verb: Verb, pod: Pod, exactly?: string): Promise<Outcome> {
    if (this.#network === undefined) return this.#executeAlone(verb, pod, exactly)
    const args = this.#network.inside(this.#node, join(mainPluginDir, 'macvlan'))
    return checked(verb, pod, await attempt('ip', args, this.#options(verb, pod, exactly)))
  }

  async #executeAlone(verb: Verb, pod: Pod, exactly?: string): Promise<Outcome> {
    return checked(verb, pod, await attempt(plugin, [], this.#options(verb, pod, exactly)))
  }

  #options(verb: Verb, { name, netns }: Pod, exactly: string | undefined) {
    const wish = exactly === undefined ? '' : `;IP=${exactly}`
    const env = {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: name,
      CNI_NETNS: netns,
      CNI_IFNAME: 'eth0',
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name}${wish}`,
      CNI_PATH: `${pluginDir}:${mainPluginDir}`
    }
    return { env, input: this.#conf }
  }
}

/** Without prefix lengths. */
export function plain({ addresses }: Pick<Added, 'addresses'>): string[] {
  return addresses.map(address => address.replace(/\/.*/, ''))
}

function added({ stdout, ms }: Outcome): Added {
  const { ips = [] } = JSON.parse(stdout) as CniResult
  return { addresses: ips.map(({ address }) => address), ms }
}

function checked(verb: Verb, { name }: Pod, outcome: Outcome): Outcome {
  if (outcome.status === 0) return outcome
  throw new Error(`${verb} of ${name} failed: ${reasonOf(outcome)}`)
}

/** Plugins say what went wrong in a JSON document on stdout. */
function reasonOf({ status, stdout, stderr }: Outcome): string {
  try {
    const { code, msg, details } = JSON.parse(stdout) as CniError
    return [`code ${code}`, msg, details].filter(Boolean).join('; ')
  } catch {
    return `status ${status}\n${stderr}\n${stdout}`.trim()
  }
}
