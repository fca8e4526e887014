// All that a plan is made from.

import { type Address, type Family, familyOf } from '../core/address.ts'
import type { AttachmentKey } from '../core/attachment.ts'
import type { PreviousResult } from '../core/coordination/previous-result.ts'
import type { CoordinatorSettings } from '../core/coordination/settings.ts'
import type { Look } from '../kernel/kernel.ts'
import { type NamespaceView, type Route, scopes, tables } from '../kernel/view.ts'
import { type CableMacs, hostVethName, podVethName, replyMark } from './numbers.ts'

export interface Circumstances {
  readonly settings: CoordinatorSettings
  readonly key: AttachmentKey
  readonly result: PreviousResult
  readonly pod: NamespaceView
  readonly host: NamespaceView
  /** Those of a cable that is made for this pod. */
  readonly macs: CableMacs
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

/** Known before anybody has looked: the cable is not one of an overlay network. */
export function hasOwnCable({
  settings,
  key,
  memory
}: Pick<Circumstances, 'settings' | 'key' | 'memory'>): boolean {
  if (memory.mode !== undefined) return memory.mode === 'underlay'
  return key.ifname === settings.podDefaultCniNic && settings.mode !== 'overlay'
}

/** LOOPBACK_IFINDEX: the loopback is the first link of every namespace. */
const loopback = 1

/**
 * What has to be seen of the host for an interface with these addresses. A node has links, routes and neighbours of all
 * its pods, so of those only what concerns this one.
 */
export function hostLook(
  { settings, key, memory }: Pick<Circumstances, 'settings' | 'key' | 'memory'>,
  addresses: readonly Address[]
): Look {
  const { hostRuleTable } = settings
  return {
    families: [...new Set(addresses.map(familyOf))],
    // The other end of an overlay network's cable has a name of its making.
    links: !hasOwnCable({ settings, key, memory }) || { names: [hostVethName(key.containerId)] },
    addresses: { scope: scopes.universe, butOf: loopback },
    routes: { tables: [tables.main, hostRuleTable], to: addresses },
    rules: true,
    neighbours: { addresses }
  }
}

/** What has to be seen of a pod that has addresses of these families. */
export function podLook(
  { settings, key, memory }: Pick<Circumstances, 'settings' | 'key' | 'memory'>,
  families: ReadonlySet<Family>
): Look {
  const ifnames = new Set([key.ifname, settings.podDefaultCniNic, ...memory.tables.keys()])
  const isOwn = hasOwnCable({ settings, key, memory })
  return {
    // The first interface of a pod is mostly its only one.
    ...(memory.tables.size === 0 && { families: [...families] }),
    links: true,
    addresses: 'OfBothFamilies',
    routes: {},
    rules: true,
    neighbours: isOwn ? { link: podVethName } : {},
    sysctls: sysctlsOf([...ifnames], families),
    marks: { link: podVethName, mark: replyMark }
  }
}

/** Each is a file to be read. */
function sysctlsOf(nics: readonly string[], families: ReadonlySet<Family>): string[] {
  const filtered = new Set(['all', podVethName, ...nics])
  return [
    ...(families.has(6) ? ['net/ipv6/conf/all/disable_ipv6'] : []),
    ...(families.has(4) ? [...filtered].map(link => `net/ipv4/conf/${link}/rp_filter`) : []),
    ...(families.has(4) ? nics.map(link => `net/ipv4/conf/${link}/arp_ignore`) : [])
  ]
}
