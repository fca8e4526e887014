// What follows at once from the circumstances: which mode it is, whose cable it is, and what everything is called.

import { type Address, families, type Family, familyOf } from '../core/address.ts'
import { assert } from '../core/assert.ts'
import type { Mac } from '../core/link/mac.ts'
import { type Link, type NamespaceView, scopes } from '../kernel/view.ts'
import type { Circumstances } from './circumstances.ts'
import { nodeAddresses } from './node-addresses.ts'
import { hostVethName, podVethName, tableOf } from './numbers.ts'

/** The two ends of what leads from the pod to its node. */
export interface Cable {
  readonly pod: { readonly name: string; readonly mac: Mac }
  readonly host: { readonly name: string; readonly mac: Mac }
}

export interface Stage extends Circumstances {
  readonly mode: 'underlay' | 'overlay'
  /** The interface of this attachment. */
  readonly nic: Link
  /** Of its addresses. */
  readonly families: readonly Family[]
  readonly cable: Cable
  /** The first one is the next hop of what goes through the node. */
  readonly nodeAddresses: Readonly<Record<Family, readonly Address[]>>
  /** The first IPv4 address of the pod's default interface: what unbound sockets should send from. */
  readonly source: Address | undefined
}

export interface Impossible {
  readonly problem: string
}

export function stageOf(circumstances: Circumstances): Stage | Impossible {
  const { settings, key, pod, host } = circumstances
  const nic = pod.links.find(({ name }) => name === key.ifname)
  if (nic === undefined) return { problem: `${key.ifname} does not exist in the pod` }
  const own = addressesOf(pod, key.ifname)
  if (own.length === 0) return { problem: `${key.ifname} has no address` }
  const mode = modeOf(circumstances)
  if (typeof mode !== 'string') return mode
  const cable = mode === 'underlay' ? ownCable(circumstances) : foreignCable(circumstances)
  if ('problem' in cable) return cable
  return {
    ...circumstances,
    ...{ mode, nic, cable },
    families: families.filter(family => own.some(one => familyOf(one) === family)),
    nodeAddresses: { 4: nodeAddresses(host, 4, own), 6: nodeAddresses(host, 6, own) },
    source: addressesOf(pod, settings.podDefaultCniNic).find(one => familyOf(one) === 4)
  }
}

/** Those that others can send to, whoever has set them: routers give some, too. */
export function addressesOf({ addresses }: NamespaceView, ifname: string): readonly Address[] {
  return addresses
    .filter(
      ({ link, scope, isDadFailed }) => link === ifname && scope === scopes.universe && !isDadFailed
    )
    .map(({ address }) => address)
}

/** The interfaces by which the pod meets networks: all but the loopback and the cable. */
export function nicsOf({ pod, mode }: Pick<Stage, 'pod' | 'mode'>): readonly string[] {
  return pod.links
    .filter(({ isLoopback, name }) => !isLoopback && !(mode === 'underlay' && name === podVethName))
    .map(({ name }) => name)
    .filter(name => addressesOf({ ...pod }, name).length > 0)
}

export function stageTable({ mode, settings, memory }: Stage, ifname: string): number {
  return tableOf(ifname, { mode, defaultNic: settings.podDefaultCniNic, taken: memory.tables })
}

function modeOf({ settings, key, pod, memory }: Circumstances): Stage['mode'] | Impossible {
  const defaultNic = settings.podDefaultCniNic
  const isDefault = key.ifname === defaultNic
  const hasCable = pod.links.some(({ name }) => name === podVethName)
  const found = memory.mode ?? (isDefault || hasCable ? 'underlay' : 'overlay')
  const { mode } = settings
  assert(mode !== 'disabled', 'nothing is planned in mode disabled')
  if (mode === 'auto' || mode === found) return found
  if (mode === 'overlay' && isDefault) {
    return { problem: `mode overlay is not for ${key.ifname}, the default interface of pods` }
  }
  const why =
    mode === 'overlay'
      ? `${podVethName} is there, so another interface of this pod is in mode underlay`
      : `${defaultNic} has to come first and in mode underlay, and there is no ${podVethName}; its network needs the coordinator too`
  return { problem: `mode ${mode} is not for ${key.ifname}: ${why}` }
}

/** Made by us, or by Spiderpool's coordinator before: then it stays as it is. */
function ownCable({ key, pod, host, macs }: Circumstances): Cable | Impossible {
  const { containerId } = key
  const ends = { host: hostVethName(containerId), pod: podVethName }
  const far = host.links.find(({ name }) => name === ends.host)
  const near = pod.links.find(({ name }) => name === ends.pod)
  if (far !== undefined && far.mac !== macs.host && !isJoined(near, far)) {
    return { problem: `${ends.host} exists on the host and is not this pod's; remove it` }
  }
  const joined = isJoined(near, far)
  return {
    host: { name: ends.host, mac: joined ? (far?.mac ?? macs.host) : macs.host },
    pod: { name: ends.pod, mac: joined ? (near?.mac ?? macs.pod) : macs.pod }
  }
}

/** The one that the overlay network has made. */
function foreignCable({ settings, pod, host }: Circumstances): Cable | Impossible {
  const name = settings.podDefaultCniNic
  const near = pod.links.find(link => link.name === name)
  if (near === undefined) return { problem: `mode overlay: the pod has no ${name}` }
  const far = host.links.find(link => isJoined(near, link))
  if (far?.mac === undefined || near.mac === undefined) {
    return {
      problem: `mode overlay: ${name} is no veth to this host; if its network is an underlay, it needs the coordinator too`
    }
  }
  return { pod: { name, mac: near.mac }, host: { name: far.name, mac: far.mac } }
}

/** Are these the two ends of one veth? */
export function isJoined(near: Link | undefined, far: Link | undefined): boolean {
  if (near?.kind !== 'veth' || far?.kind !== 'veth') return false
  const [up, down] = [near.parent, far.parent]
  return (
    up?.isElsewhere === true &&
    down?.isElsewhere === true &&
    up.index === far.index &&
    down.index === near.index
  )
}

/** The next hop of what goes through the node; its family is one of the interface's. */
export function nodeGateway(stage: Stage, family: Family): Address | undefined {
  assert(stage.families.includes(family), `the interface has an IPv${family} address`)
  return stage.nodeAddresses[family][0]
}
