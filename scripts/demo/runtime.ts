// What a container runtime does for a pod, as the CNI specification has it: execute the plugin of the
// network, which executes ours for the addresses.

import { join } from 'node:path'
import { attempt, type Outcome } from './command.ts'
import type { Daemon } from './daemon.ts'
import { mainPluginDir, plugin, pluginDir } from './programs.ts'
import { type Pod, type Stage, uplink } from './stage.ts'

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
  readonly #host: string | undefined
  readonly #conf: string

  constructor({ socket, queue }: Daemon, { host }: Stage) {
    this.#host = host
    this.#conf = JSON.stringify({
      cniVersion: '1.0.0',
      name: 'demo',
      type: 'macvlan',
      master: uplink,
      mode: 'bridge',
      ipam: { type: 'orbweaver', socket, queue }
    })
  }

  /** Give the pod eth0 with addresses; only addresses on a stage without links. */
  async add(pod: Pod): Promise<Added> {
    return added(await this.#execute('ADD', pod))
  }

  async delete(pod: Pod): Promise<number> {
    return (await this.#execute('DEL', pod)).ms
  }

  /** Addresses without an interface: our plugin alone, executed directly. */
  async addAddresses(pod: Pod): Promise<Added> {
    return added(await this.#executeAlone('ADD', pod))
  }

  async deleteAddresses(pod: Pod): Promise<number> {
    return (await this.#executeAlone('DEL', pod)).ms
  }

  async #execute(verb: Verb, pod: Pod): Promise<Outcome> {
    if (this.#host === undefined) return this.#executeAlone(verb, pod)
    const args = ['netns', 'exec', this.#host, join(mainPluginDir, 'macvlan')]
    return checked(verb, pod, await attempt('ip', args, this.#options(verb, pod)))
  }

  async #executeAlone(verb: Verb, pod: Pod): Promise<Outcome> {
    return checked(verb, pod, await attempt(plugin, [], this.#options(verb, pod)))
  }

  #options(verb: Verb, { name, netns }: Pod) {
    const env = {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: name,
      CNI_NETNS: netns,
      CNI_IFNAME: 'eth0',
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=demo;K8S_POD_NAME=${name}`,
      CNI_PATH: `${pluginDir}:${mainPluginDir}`
    }
    return { env, input: this.#conf }
  }
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
