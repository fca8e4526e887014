// A row of host-local's tests has a piece of the address space to itself, and networks of its own: many
// rows, one daemon.

import type { Test } from 'tap'
import { poolsOf } from '../support/admin.ts'
import type { JsonObject } from './netconf.ts'
import type { PoolText } from './pools.ts'
import { type CniResult, type PluginFailure, plainAddresses } from './result.ts'
import type { Attachment } from './runtime.ts'
import { failureFrom } from './verdict.ts'
import type { ListOptions, World } from './world.ts'

export interface Row {
  readonly number: string
  readonly what: string
  /** Those that host-local runs it with; else one. */
  readonly versions?: readonly string[]
  readonly pools: (ground: Ground) => readonly PoolText[]
  readonly run: (stage: Stage) => Promise<unknown>
}

/** What one row knows of its pools before there is a daemon. */
export class Ground {
  /** In pool and network names. */
  readonly label: string
  readonly #index: number

  constructor(label: string, index: number) {
    this.label = label
    this.#index = index
  }

  /** An address of the row's own /24. */
  v4(host: number): string {
    return `10.${100 + (this.#index >> 8)}.${this.#index & 255}.${host}`
  }

  /** An address of the row's own /48; `tail` is what follows it. */
  v6(tail: string): string {
    return `fd00:7:${(this.#index + 1).toString(16)}:${tail}`
  }

  /** A pool of this row; only `suffix` tells it from the others of the row. */
  pool(suffix: string, spec: Omit<PoolText, 'name'>): PoolText {
    return { name: this.name(suffix), ...spec }
  }

  name(suffix: string): string {
    return `${this.label}-${suffix}`
  }

  /** The pool most rows have: addresses from `first` to `last` of a subnet, .1 being the gateway. */
  range4(suffix: string, prefix: number, first: number, last: number): PoolText {
    return this.pool(suffix, {
      subnet: `${this.v4(first - (first % 2 ** (32 - prefix)))}/${prefix}`,
      ips: [`${this.v4(first)}-${this.v4(last)}`],
      gateway: this.v4(first - (first % 2 ** (32 - prefix)) + 1)
    })
  }

  range6(suffix: string, first: string, last: string): PoolText {
    return this.pool(suffix, {
      subnet: this.v6(':/64'),
      ips: [`${this.v6(`:${first}`)}-${this.v6(`:${last}`)}`],
      gateway: this.v6(':1')
    })
  }
}

/** How one ADD differs from the plainest one of its row. */
export interface Ask {
  /** Suffixes of pools, in order; the row's pool "a" when neither is given. */
  readonly v4?: readonly string[]
  readonly v6?: readonly string[]
  readonly ifname?: string
  /** Of the network. */
  readonly net?: string
  /** Requested over args.cni.ips. */
  readonly ips?: readonly string[]
  /** Requested over CNI_ARGS. */
  readonly argsIp?: string
  /** Offered as capabilities. */
  readonly offers?: JsonObject
  readonly cniVersion?: string
}

export class Stage extends Ground {
  readonly w: World
  readonly t: Test
  readonly cniVersion: string
  readonly #added = new Map<string, () => Promise<void>>()

  constructor(w: World, t: Test, ground: [label: string, index: number], cniVersion: string) {
    super(...ground)
    this.w = w
    this.t = t
    this.cniVersion = cniVersion
  }

  async result(cid: string, ask: Ask = {}): Promise<CniResult> {
    const [pod, list] = this.#of(cid, ask)
    const result = await this.w.runtime.add(this.w.list(list), pod)
    this.#added.set(`${list.name}/${cid}/${pod.ifname}`, () => this.del(cid, ask))
    return result
  }

  /** The addresses, without their prefixes. */
  async add(cid: string, ask?: Ask): Promise<readonly string[]> {
    return plainAddresses(await this.result(cid, ask))
  }

  async refused(cid: string, ask?: Ask): Promise<PluginFailure> {
    return failureFrom(this.result(cid, ask))
  }

  async del(cid: string, ask: Ask = {}): Promise<void> {
    const [pod, list] = this.#of(cid, ask)
    await this.w.runtime.del(this.w.list(list), pod)
    this.#added.delete(`${list.name}/${cid}/${pod.ifname}`)
  }

  /** The addresses that any network of this row holds. */
  async held(): Promise<readonly string[]> {
    const ours = (await this.w.held()).filter(({ network }) => network.startsWith(`${this.label}-`))
    return ours.flatMap(({ addresses }) => addresses.map(({ address }) => address)).toSorted()
  }

  /** Was this pool refused by name? What is said of it, or undefined. */
  async problemOf(suffix: string): Promise<string | undefined> {
    const problems = await this.w.poolProblems()
    return problems.find(text => new RegExp(`\\b${this.name(suffix)}\\b`).test(text))
  }

  async isInForce(suffix: string): Promise<boolean> {
    return (await poolsOf(this.w.daemon)).some(({ name }) => name === this.name(suffix))
  }

  async totalOf(suffix: string): Promise<string> {
    const pool = (await poolsOf(this.w.daemon)).find(({ name }) => name === this.name(suffix))
    return String(pool?.total)
  }

  /** Take back whatever the row has left. */
  async clear(): Promise<void> {
    for (const del of [...this.#added.values()]) await del()
  }

  /** A row may look at the raw execution. */
  listOf(ask: Ask = {}): ListOptions {
    return this.#of('any', ask)[1]
  }

  #of(cid: string, ask: Ask): [Attachment, ListOptions & { readonly name: string }] {
    const { v4, v6, ifname = 'eth0', net = 'net', ips, argsIp, offers, cniVersion } = ask
    const chosen4 = v4 ?? (v6 === undefined ? ['a'] : undefined)
    const pod = this.w.pod({
      containerId: `${this.label}-${cid}`,
      ifname,
      ...(argsIp !== undefined && { args: `IP=${argsIp}` }),
      ...(offers !== undefined && { capabilityArgs: offers })
    })
    const capabilities = Object.fromEntries(Object.keys(offers ?? {}).map(key => [key, true]))
    const list = {
      name: `${this.label}-${net}`,
      cniVersion: cniVersion ?? this.cniVersion,
      ipam: {
        ...(chosen4 && { default_ipv4_ippool: chosen4.map(suffix => this.name(suffix)) }),
        ...(v6 && { default_ipv6_ippool: v6.map(suffix => this.name(suffix)) })
      },
      entry: {
        ...(offers !== undefined && { capabilities }),
        ...(ips !== undefined && { args: { cni: { ips } } })
      }
    }
    return [pod, list]
  }
}
