// A request as docs/wire.md lays it out, encoded once: from one request to the next only the verb, the
// container id and the moment change, and they lie at the same places.

import { Packr } from 'msgpackr'
import { acknowledgement, frameOf } from '../../src/cni/frame.ts'
import { containerIdBytes } from './container-ids.ts'
import { bootTimeNs } from './libc.ts'

export type Verb = 'ADD' | 'DEL'

const packr = new Packr({ useRecords: false, variableMapSize: true })

/** A moment that takes eight bytes in msgpack, whatever it is replaced by. */
const someMoment = 1n << 62n

const budgetMs = 60_000

/** CNI_ARGS as a kubelet gives them. */
export const podArgs = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=bench;K8S_POD_NAME=pod-0'

export class RequestFrame {
  /** The acknowledgement of the answer before it comes first: one write for both. */
  readonly bytes: Buffer
  readonly #verbAt: number
  readonly #idAt: number
  readonly #startAt: number

  constructor(netns: string, conf: string, args = podArgs) {
    const id = '0'.repeat(containerIdBytes)
    const request = packr.pack({
      v: 1,
      budget: budgetMs,
      start: someMoment,
      role: 'orbweaver',
      verb: 'ADD',
      cid: Buffer.from(id),
      netns: Buffer.from(netns),
      ifname: Buffer.from('eth0'),
      args: Buffer.from(args),
      path: Buffer.from('/opt/cni/bin'),
      conf: Buffer.from(keptMembers(conf))
    })
    this.bytes = Buffer.concat([acknowledgement, frameOf(request)])
    const moment = Buffer.alloc(8)
    moment.writeBigUInt64BE(someMoment)
    this.#verbAt = this.#find('ADD')
    this.#idAt = this.#find(id)
    this.#startAt = this.#find(moment)
  }

  /** How much of the front only acknowledges. */
  static readonly acknowledgementBytes = acknowledgement.length

  fill(verb: Verb, containerId: string): void {
    this.bytes.write(verb, this.#verbAt, 'latin1')
    this.bytes.write(containerId, this.#idAt, 'latin1')
    this.bytes.writeBigUInt64BE(bootTimeNs(), this.#startAt)
  }

  #find(what: string | Buffer): number {
    const at = this.bytes.indexOf(what)
    if (at < 0) throw new Error('a field of the request has another encoding than expected')
    return at
  }
}

/** The plugin passes on what the daemon needs and no more. */
function keptMembers(conf: string): string {
  const { cniVersion, name, type, ipam } = JSON.parse(conf) as Record<string, unknown>
  return JSON.stringify({ cniVersion, name, type, ipam })
}
