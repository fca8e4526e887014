// The cable between a pod in underlay mode and its node: an underlay lets the two speak with everybody but each other.

import { familyOf } from '../core/address.ts'
import type { CoordinatorSettings } from '../core/coordination/settings.ts'
import { scopes } from '../kernel/view.ts'
import { type Circumstances, hasOwnCable } from './circumstances.ts'
import { hostVethName, podVethName } from './numbers.ts'
import { type Cable, isJoined, type Stage } from './stage.ts'
import type { Step, Views } from './step.ts'

type AddCable = Step & { type: 'AddVeth' }

/**
 * More serve XDP and nothing else here: packets go from one end to the other without waiting. The kernel would make one for
 * each processor, and take 50 to 100 µs for it.
 */
const queues = 1

export function cable(stage: Stage): readonly Step[] {
  const { mode, settings, families } = stage
  if (mode === 'overlay') return []
  const { pod, host } = stage.cable
  const { vethMtu: mtu, vethLinkAddress: address } = settings
  const linkAddress: Step[] =
    address === undefined || !families.includes(4)
      ? []
      : [
          {
            ...{ type: 'PutAddress', at: 'Pod' },
            address: { link: pod.name, address, prefix: 32, scope: scopes.universe }
          }
        ]
  return [
    ...broken(stage),
    addCable(stage.cable, mtu),
    { type: 'SetLink', at: 'Pod', name: pod.name, change: { isUp: true, mac: pod.mac, mtu } },
    { type: 'SetLink', at: 'Host', name: host.name, change: { isUp: true, mac: host.mac, mtu } },
    ...linkAddress
  ]
}

function addCable({ host, pod }: Cable, mtu: number): AddCable {
  return {
    ...{ type: 'AddVeth', at: 'Host' },
    link: { name: host.name, mac: host.mac, mtu, queues, isUp: true },
    peer: { at: 'Pod', name: pod.name, mac: pod.mac, isUp: true }
  }
}

/**
 * The cable of a pod that has surely none yet and what is set of it, as its plan will have them; nothing where that is not
 * known before.
 */
export function foreseenCable({
  macs,
  result,
  ...of
}: Pick<Circumstances, 'settings' | 'key' | 'memory' | 'macs' | 'result'>): readonly Step[] {
  if (of.memory.mode !== undefined || !hasOwnCable(of)) return []
  const host = { name: hostVethName(of.key.containerId), mac: macs.host }
  const cable = { host, pod: { name: podVethName, mac: macs.pod } }
  const isIpv4 = result.addresses.some(({ address }) => familyOf(address) === 4)
  return [addCable(cable, of.settings.vethMtu), ...(isIpv4 ? unfilteredCable(of.settings) : [])]
}

/** Nothing is in its way. */
export function canBeMade({ key }: Pick<Circumstances, 'key'>, { host, pod }: Views): boolean {
  const hostName = hostVethName(key.containerId)
  return (
    host.links.every(({ name }) => name !== hostName) &&
    pod.links.every(({ name }) => name !== podVethName)
  )
}

/**
 * Clients from anywhere come in by the cable; and of a link without an IPv4 address even the loose filter lets in nobody but
 * whom its own routes lead to.
 */
export function unfilteredCable({ podRpFilter }: CoordinatorSettings): readonly Step[] {
  if (podRpFilter < 0) return []
  return [
    { type: 'SetSysctl', at: 'Pod', key: `net/ipv4/conf/${podVethName}/rp_filter`, value: '0' }
  ]
}

/** One end without the other, or each with another one: what is left is in the way of a new pair. */
function broken({ cable, pod, host }: Stage): Step[] {
  const near = pod.links.find(({ name }) => name === cable.pod.name)
  const far = host.links.find(({ name }) => name === cable.host.name)
  if (isJoined(near, far)) return []
  return [
    ...(far === undefined ? [] : [{ type: 'DeleteLink', at: 'Host', name: far.name } as const]),
    ...(near === undefined ? [] : [{ type: 'DeleteLink', at: 'Pod', name: near.name } as const])
  ]
}
