// A pod whose interfaces are made as a runtime makes them: the main plugin of each network, then the coordinator with its
// result.

import { randomBytes } from 'node:crypto'
import { delimiter, join } from 'node:path'
import { attempt } from './command.ts'
import { mainPluginDir } from './ipam.ts'
import { Netns } from './netns.ts'
import { type NodeDaemon, setSysctls, withoutDad } from './underlay.ts'

export interface Interface {
  readonly ifname: string
  /** The segment of a macvlan; `overlay`: a ptp with addresses of the overlay. */
  readonly network: number | 'overlay'
  readonly families?: readonly (4 | 6)[]
  /** Of the coordinator; false: it is not in the chain. */
  readonly coordinator?: Readonly<Record<string, unknown>> | false
}

export interface Result {
  readonly ips?: readonly { readonly address: string; readonly gateway?: string }[]
  readonly interfaces?: readonly {
    readonly name: string
    readonly mac: string
    readonly sandbox?: string
  }[]
  readonly routes?: readonly Readonly<Record<string, unknown>>[]
}

export class PluginError extends Error {
  readonly code: number

  constructor(what: string, stdout: string, stderr: string) {
    const document = JSON.parse(stdout === '' ? '{}' : stdout) as {
      code?: number
      msg?: string
      details?: string
    }
    super(`${what}: ${document.msg ?? stderr} ${document.details ?? ''}`.trim())
    this.code = document.code ?? -1
  }
}

export class ChainedPod implements AsyncDisposable {
  /** With all of these interfaces, in their order. */
  static async add(
    host: NodeDaemon,
    interfaces: readonly Interface[],
    options: { readonly annotations?: Readonly<Record<string, string>> } = {}
  ): Promise<ChainedPod> {
    const pod = new ChainedPod(host, await Netns.make(), options.annotations)
    try {
      // Who looks for duplicates of IPv6 addresses waits for a second and more.
      await setSysctls(pod.netns, withoutDad)
      for (const one of interfaces) await pod.attach(one)
      return pod
    } catch (error) {
      await pod[Symbol.asyncDispose]()
      throw error
    }
  }

  readonly host: NodeDaemon
  readonly netns: Netns
  readonly containerId = randomBytes(32).toString('hex')
  readonly annotations: Readonly<Record<string, string>> | undefined
  readonly #attached = new Map<string, { readonly one: Interface; main: Result; last: Result }>()

  constructor(host: NodeDaemon, netns: Netns, annotations?: Readonly<Record<string, string>>) {
    this.host = host
    this.netns = netns
    this.annotations = annotations
  }

  async attach(one: Interface): Promise<Result> {
    const main = await this.addMain(one)
    return one.coordinator === false ? main : this.coordinate(one.ifname)
  }

  /** The main plugin alone. */
  async addMain(one: Interface): Promise<Result> {
    const main = JSON.parse(await this.#execute('ADD', one.ifname, this.#mainConf(one))) as Result
    this.#attached.set(one.ifname, { one, main, last: main })
    return main
  }

  /** ADD of the coordinator, again and again if somebody wants. */
  async coordinate(ifname: string, more: Readonly<Record<string, unknown>> = {}): Promise<Result> {
    const { one, main } = this.#of(ifname)
    const conf = { ...this.#ownConf(one), prevResult: main, ...more }
    const last = JSON.parse(await this.#execute('ADD', ifname, conf)) as Result
    this.#attached.set(ifname, { one, main, last })
    return last
  }

  async check(ifname: string): Promise<void> {
    const { one, last } = this.#of(ifname)
    await this.#execute('CHECK', ifname, { ...this.#ownConf(one), prevResult: last })
  }

  /** DEL of the coordinator alone; `netns` as CNI_NETNS, and without a result when that is said. */
  async uncoordinate(
    ifname: string,
    how: { readonly netns?: string; readonly isBare?: boolean } = {}
  ): Promise<void> {
    const { one, last } = this.#of(ifname)
    const conf = { ...this.#ownConf(one), ...(how.isBare !== true && { prevResult: last }) }
    await this.#execute('DEL', ifname, conf, how.netns)
  }

  async detach(ifname: string): Promise<void> {
    const { one } = this.#of(ifname)
    if (one.coordinator !== false) await this.uncoordinate(ifname)
    await this.#execute('DEL', ifname, this.#mainConf(one))
    this.#attached.delete(ifname)
  }

  /** Of the main plugin. */
  resultOf(ifname: string): Result {
    return this.#of(ifname).main
  }

  /** Without the prefix length. */
  address(ifname: string, family: 4 | 6): string {
    const ips = this.#of(ifname).main.ips ?? []
    const found = ips.find(({ address }) => address.includes(':') === (family === 6))
    if (found === undefined) throw new Error(`no IPv${family} address on ${ifname}`)
    return found.address.replace(/\/.*/, '')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const ifname of [...this.#attached.keys()].reverse()) await this.detach(ifname)
    } finally {
      await this.netns.remove()
    }
  }

  #of(ifname: string) {
    const found = this.#attached.get(ifname)
    if (found === undefined) throw new Error(`${ifname} is not attached`)
    return found
  }

  #mainConf({ network, families = [4, 6] }: Interface): Record<string, unknown> {
    const { socket, queue } = this.host.daemon
    const prefix = network === 'overlay' ? 'overlay' : `lan${network}`
    const ipam = {
      ...{ type: 'orbweaver', socket, queue },
      ...(families.includes(4) && { default_ipv4_ippool: [`${prefix}-v4`] }),
      ...(families.includes(6) && { default_ipv6_ippool: [`${prefix}-v6`] })
    }
    const main =
      network === 'overlay' ? { type: 'ptp' } : { type: 'macvlan', master: prefix, mode: 'bridge' }
    return { cniVersion: '1.0.0', name: prefix, ...main, ipam }
  }

  #ownConf({ network, coordinator }: Interface): Record<string, unknown> {
    const { socket, queue } = this.host.daemon
    const name = network === 'overlay' ? 'overlay' : `lan${network}`
    const runtimeConfig = this.annotations && {
      'io.kubernetes.cri.pod-annotations': this.annotations
    }
    return {
      ...{ cniVersion: '1.0.0', name, type: 'orbweaver-coordinator', socket, queue },
      ...(runtimeConfig !== undefined && { runtimeConfig }),
      ...coordinator
    }
  }

  async #execute(
    verb: string,
    ifname: string,
    conf: Record<string, unknown>,
    netns: string = this.netns.path
  ): Promise<string> {
    const { bin, node } = this.host
    const type = String(conf['type'])
    // A main plugin works where it is executed; ours asks a socket, which is the same from everywhere.
    const [program = '', ...args] = type.startsWith('orbweaver')
      ? [join(bin, type)]
      : node.inside([join(mainPluginDir, type)])
    const { code, stdout, stderr } = await attempt(program, args, {
      env: {
        CNI_COMMAND: verb,
        CNI_CONTAINERID: this.containerId,
        CNI_NETNS: netns,
        CNI_IFNAME: ifname,
        CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web',
        CNI_PATH: [bin, mainPluginDir].join(delimiter)
      },
      input: JSON.stringify(conf)
    })
    if (code !== 0) throw new PluginError(`${type} ${verb} of ${ifname}`, stdout, stderr)
    return stdout
  }
}
