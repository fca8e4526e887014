// The cable between a pod in underlay mode and its node: an underlay lets the two speak with everybody but each other.

import { scopes } from '../kernel/view.ts'
import { isJoined, type Stage } from './stage.ts'
import type { Step } from './step.ts'

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
    {
      ...{ type: 'AddVeth', at: 'Host' },
      link: { name: host.name, mac: host.mac, mtu, queues, isUp: true },
      peer: { at: 'Pod', name: pod.name, mac: pod.mac, isUp: true }
    },
    { type: 'SetLink', at: 'Pod', name: pod.name, change: { isUp: true, mac: pod.mac, mtu } },
    { type: 'SetLink', at: 'Host', name: host.name, change: { isUp: true, mac: host.mac, mtu } },
    ...linkAddress
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
