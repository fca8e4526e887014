// A link with a pod at one end and, at the other, whoever a test needs: two namespaces and a cable.

import type { Mac } from '../../src/core/link/mac.ts'
import { parseMac } from '../../src/core/link/mac.ts'
import type { Log } from '../../src/ports/log.ts'
import { Netns } from './netns.ts'

export class LinkLan implements AsyncDisposable {
  readonly pod: Netns
  readonly far: Netns

  /** `eth0` of the pod is joined to `port` of the other end; the pod's end is down, as a new interface is. */
  static async make(): Promise<LinkLan> {
    const pod = await Netns.make()
    const far = await Netns.make()
    const lan = new LinkLan(pod, far)
    try {
      await pod.connect('eth0', far, 'port')
      await pod.ip('link', 'set', 'eth0', 'down')
      return lan
    } catch (error) {
      await lan[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(pod: Netns, far: Netns) {
    this.pod = pod
    this.far = far
  }

  get place(): { readonly netns: string; readonly ifname: string } {
    return { netns: this.pod.path, ifname: 'eth0' }
  }

  /** The kernel of the other end has these addresses, with their prefix lengths. */
  async settle(...addresses: readonly string[]): Promise<Mac> {
    for (const address of addresses) await this.far.addAddress('port', address)
    return macOf(this.far, 'port')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.pod.remove(), this.far.remove()])
  }
}

export async function macOf(netns: Netns, link: string): Promise<Mac> {
  const mac = parseMac((await netns.link(link))?.mac ?? '')
  if (mac === undefined) throw new Error(`${link} has no hardware address`)
  return mac
}

/** A log that keeps its warnings and errors. */
export function keptLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const keep = (_fields: unknown, message: string) => {
    lines.push(message)
  }
  return { lines, debug: () => {}, info: () => {}, warn: keep, error: keep }
}
