// What the specification calls an attachment: one interface of one container in one network.

import type { Address } from './address.ts'
import type { Sandbox } from './sandbox.ts'

/**
 * The key of an allocation. CNI 1.1.0, section 2: "network name, CNI_CONTAINERID, CNI_IFNAME" names an
 * attachment. Never the pod's name: a pod's new sandbox is added while the old one is still going.
 */
export interface AttachmentKey {
  readonly network: string
  readonly containerId: string
  readonly ifname: string
}

/** One string per key. None of the three parts can contain a slash. */
export function keyText({ network, containerId, ifname }: AttachmentKey): string {
  return `${network}/${containerId}/${ifname}`
}

/** Whose attachment it is, as far as the runtime says: kept for people, never used as identity. */
export interface Pod {
  readonly namespace?: string
  readonly name?: string
  readonly uid?: string
}

export interface Route {
  /** The destination in CIDR notation. */
  readonly dst: string
  /** The next hop; absent for an on-link route. */
  readonly gw?: string
}

/** One address of an attachment with all that the answer says of it, so that a retry is a pure read. */
export interface Assignment {
  readonly address: Address
  readonly prefix: number
  readonly pool: string
  readonly gateway?: Address
  readonly routes: readonly Route[]
}

export interface Attachment {
  readonly key: AttachmentKey
  readonly pod: Pod
  readonly sandbox: Sandbox
  readonly assignments: readonly Assignment[]
  /** What was asked, in one line: the same key with another demand is refused. */
  readonly demand: string
  /** Milliseconds since 1970 when it was made, for people; decides nothing. */
  readonly createdAtMs: number
}
