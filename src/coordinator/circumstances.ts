// All that a plan is made from.

import type { AttachmentKey } from '../core/attachment.ts'
import type { PreviousResult } from '../core/coordination/previous-result.ts'
import type { CoordinatorSettings } from '../core/coordination/settings.ts'
import type { Look } from '../kernel/kernel.ts'
import { type NamespaceView, type Route, tables } from '../kernel/view.ts'
import { podVethName, replyMark } from './numbers.ts'

export interface Circumstances {
  readonly settings: CoordinatorSettings
  readonly key: AttachmentKey
  readonly result: PreviousResult
  readonly pod: NamespaceView
  readonly host: NamespaceView
  /** What is remembered of this interface and the others of its pod. */
  readonly memory: PodMemory
  /** The interfaces that the pod will have by its annotations; undefined when nobody knows. */
  readonly expected: readonly string[] | undefined
}

export interface PodMemory {
  readonly tables: ReadonlyMap<string, number>
  /** The ways of each interface as they were found, whatever table they are in now. */
  readonly routes: ReadonlyMap<string, readonly Route[]>
  /** That of the interfaces that are coordinated; all of a pod have one. */
  readonly mode: 'underlay' | 'overlay' | undefined
}

export const noMemory: PodMemory = { tables: new Map(), routes: new Map(), mode: undefined }

/** What has to be seen of the host. */
export function hostLook({ hostRuleTable }: CoordinatorSettings): Look {
  return {
    links: true,
    addresses: true,
    routes: { tables: [tables.main, hostRuleTable] },
    rules: {},
    neighbours: {}
  }
}

/** What has to be seen of the pod: `ifnames` are its interfaces as far as they are known. */
export function podLook(ifnames: readonly string[]): Look {
  return {
    links: true,
    addresses: true,
    routes: {},
    rules: {},
    neighbours: {},
    sysctls: sysctlsOf(ifnames),
    marks: { link: podVethName, mark: replyMark }
  }
}

function sysctlsOf(ifnames: readonly string[]): string[] {
  const links = [...new Set([...ifnames, podVethName])]
  return [
    'net/ipv6/conf/all/disable_ipv6',
    'net/ipv4/conf/all/rp_filter',
    ...links.flatMap(link => [
      `net/ipv4/conf/${link}/rp_filter`,
      `net/ipv4/conf/${link}/arp_ignore`
    ])
  ]
}
