// The cable between a pod in underlay mode and its node: an underlay lets the two speak with everybody but each other.

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

/** The cable of a pod that has surely none yet, as its plan will have it; undefined where that is not known before. */
export function foreseenCable({
  macs,
  ...of
}: Pick<Circumstances, 'settings' | 'key' | 'memory' | 'macs'>): AddCable | undefined {
  if (of.memory.mode !== undefined || !hasOwnCable(of)) return undefined
  const host = { name: hostVethName(of.key.containerId), mac: macs.host }
  return addCable({ host, pod: { name: podVethName, mac: macs.pod } }, of.settings.vethMtu)
}

/** Nothing is in its way. */
export function canBeMade({ link, peer }: AddCable, { host, pod }: Views): boolean {
  return (
    host.links.every(({ name }) => name !== link.name) &&
    pod.links.every(({ name }) => name !== peer.name)
  )
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
