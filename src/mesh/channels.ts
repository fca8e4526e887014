// Which messages travel on which stream, so that a long list of runs does not hold up a pod's address.

import type { Body } from '../core/protocol.ts'
import type { Subject } from '../ports/mesh.ts'

export type Channel = 'req' | 'ae' | 'admin'

export const channels: readonly Channel[] = ['req', 'ae', 'admin']

/** Protocol ids of libp2p; the number is that of the line, not of the messages. */
export const protocolOf: Readonly<Record<Channel, string>> = {
  req: '/orbweaver/req/1',
  ae: '/orbweaver/ae/1',
  admin: '/orbweaver/admin/1'
}

/** Each question and its answer on a stream of its own. */
export const questionProtocolOf: Readonly<Record<Subject, string>> = {
  registry: '/orbweaver/registry/1',
  look: '/orbweaver/look/1'
}

export const subjects: readonly Subject[] = ['registry', 'look']

export const beatProtocol = '/orbweaver/alive/1'

/** What nodes tell everybody of their cluster; of no cluster yet when there is none. */
export function rumourTopic(cluster: string): string {
  return cluster === '' ? '/orbweaver/hint/1' : `/orbweaver/${cluster}/hint/1`
}

const byType: Readonly<Record<Body['type'], Channel | undefined>> = {
  Hello: 'req',
  Welcome: 'req',
  Greeted: 'req',
  Rebuff: 'req',
  Ask: 'req',
  Grant: 'req',
  No: 'req',
  Taken: 'req',
  Digest: 'ae',
  Summary: 'ae',
  Delta: 'ae',
  Collect: 'admin',
  Collected: 'admin',
  Confirm: 'admin',
  Confirmed: 'admin',
  Rumour: undefined
}

/** Undefined for what is no message to one peer. */
export function channelOf(type: Body['type']): Channel | undefined {
  return byType[type]
}
