// What a kubelet and its runtime do for pods, with the real plugin: ADD, CHECK and DEL with annotations, and the
// answers as they were printed.

import { nextContainerId } from '../../scripts/bench/container-ids.ts'
import type { Daemon } from '../support/daemon.ts'
import { plugin } from '../support/ipam.ts'
import { execute } from '../support/plugin.ts'

/** Whose pods it starts. */
export type Node = Pick<Daemon, 'socket' | 'queue'>

export interface Pod {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  /** Its sandbox. */
  readonly id: string
  /** Values that are no text are written as JSON; keys without a slash are those of ipam.spidernet.io. */
  readonly annotations?: Readonly<Record<string, unknown>>
  /** CNI_NETNS; a namespace of the stage for pods that need none of their own. */
  readonly netns?: string
}

export interface Interface {
  readonly ifname?: string
  /** The name of the network. */
  readonly network?: string
  /** Further members of the ipam section. */
  readonly ipam?: Readonly<Record<string, unknown>>
  /** The link of the host that the main plugin would use. */
  readonly master?: string
}

export interface Added {
  /** Without their prefixes. */
  readonly ips: readonly string[]
  readonly routes: readonly { readonly dst: string; readonly gw?: string }[]
  /** What was printed, to the byte. */
  readonly text: string
  readonly ms: number
}

export interface Refused {
  readonly code: number
  readonly msg: string
  readonly details?: string
}

export type Verb = 'ADD' | 'CHECK' | 'DEL'

/** A new sandbox of a pod that may have had others. */
export function sandboxOf(name: string, more: Partial<Pod> = {}): Pod {
  return { name, ...more, id: more.id ?? nextContainerId() }
}

/** One that takes what the network says. */
export function anyPod(more: Partial<Pod> = {}): Pod {
  const id = nextContainerId()
  return { name: `pod-${id.slice(0, 8)}`, ...more, id }
}

export class Kubelet {
  readonly #node: Node
  /** CNI_NETNS of pods that need none of their own. */
  readonly netns: string
  readonly #ipam: Readonly<Record<string, unknown>>

  /** `ipam`: what the ipam section of every network of this node has. */
  constructor(node: Node, netns: string, ipam: Readonly<Record<string, unknown>> = {}) {
    this.#node = node
    this.netns = netns
    this.#ipam = ipam
  }

  /** What the plugin reads from stdin for a pod without annotations. */
  netconf(where: Interface = {}): string {
    return JSON.stringify(this.#conf({}, where))
  }

  /** Throws when it was refused. */
  async add(pod: Pod, where: Interface = {}): Promise<Added> {
    const answer = await this.try(pod, where)
    if ('ips' in answer) return answer
    throw new Error(`ADD of ${pod.name}: ${answer.code} ${answer.msg} ${answer.details ?? ''}`)
  }

  /** Throws when it was not refused. */
  async refuse(pod: Pod, where: Interface = {}): Promise<Refused> {
    const answer = await this.try(pod, where)
    if ('code' in answer) return answer
    throw new Error(`ADD of ${pod.name} was answered with ${answer.ips.join(', ')}`)
  }

  async try(pod: Pod, where: Interface = {}): Promise<Added | Refused> {
    const { status, stdout, took } = await this.execute('ADD', pod, where)
    const printed = JSON.parse(stdout === '' ? '{"code":0,"msg":"nothing was printed"}' : stdout)
    if (status !== 0) return printed
    const { ips = [], routes = [] } = printed as {
      ips?: { address: string }[]
      routes?: Added['routes']
    }
    const plain = ips.map(({ address }) => address.replace(/\/.*/, ''))
    return { ips: plain, routes, text: stdout, ms: took }
  }

  /** A DEL never fails. */
  async del(pod: Pod, where: Interface = {}): Promise<void> {
    const { status, stdout } = await this.execute('DEL', pod, where)
    if (status !== 0 || stdout !== '') throw new Error(`DEL of ${pod.name}: ${stdout}`)
  }

  /** What CHECK complains about; undefined when all is as it was. */
  async check(pod: Pod, added: Added, where: Interface = {}): Promise<Refused | undefined> {
    const prevResult: unknown = JSON.parse(added.text)
    const { status, stdout } = await this.execute('CHECK', pod, where, { prevResult })
    return status === 0 ? undefined : JSON.parse(stdout)
  }

  /** GC: of this network only these are left. */
  async collect(keep: readonly Pod[], { network = 'net-a' }: Interface = {}): Promise<void> {
    const attachments = keep.map(({ id }) => ({ containerID: id, ifname: 'eth0' }))
    const more = { 'cni.dev/valid-attachments': attachments }
    const stdin = JSON.stringify({ ...this.#conf({}, { network }), ...more })
    const env = { CNI_COMMAND: 'GC', CNI_PATH: '/opt/cni/bin' }
    const { status, stdout } = await execute(plugin, { env, stdin })
    if (status !== 0) throw new Error(`GC: ${stdout}`)
  }

  execute(
    verb: Verb,
    pod: Pod,
    where: Interface = {},
    more: Readonly<Record<string, unknown>> = {}
  ): ReturnType<typeof execute> {
    const { name, namespace = 'default', uid = `uid-${name}`, id, netns = this.netns } = pod
    const names = `K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};K8S_POD_UID=${uid}`
    const env = {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: id,
      CNI_NETNS: netns,
      CNI_IFNAME: where.ifname ?? 'eth0',
      CNI_PATH: '/opt/cni/bin',
      CNI_ARGS: `IgnoreUnknown=1;${names};K8S_POD_INFRA_CONTAINER_ID=${id}`
    }
    const stdin = JSON.stringify({ ...this.#conf(pod, where), ...more })
    return execute(plugin, { env, stdin })
  }

  #conf({ annotations }: Pick<Pod, 'annotations'>, where: Interface): Record<string, unknown> {
    const { network = 'net-a', ipam, master = 'eth0' } = where
    const { socket, queue } = this.#node
    return {
      ...{ cniVersion: '1.1.0', name: network, type: 'macvlan', master, mode: 'bridge' },
      ipam: { type: 'orbweaver', socket, queue, ...this.#ipam, ...ipam },
      ...(annotations !== undefined && {
        runtimeConfig: { 'io.kubernetes.cri.pod-annotations': annotated(annotations) }
      })
    }
  }
}

/** As they stand at a pod. */
export function annotated(annotations: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(annotations).map(([key, value]) => [
    key.includes('/') ? key : `ipam.spidernet.io/${key}`,
    typeof value === 'string' ? value : JSON.stringify(value)
  ])
  return Object.fromEntries(entries)
}
