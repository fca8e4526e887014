// Pod and node know each other's hardware address for good: nobody has to ask, and nobody can answer wrongly.

import type { Address } from '../core/address.ts'
import type { Mac } from '../core/link/mac.ts'
import { addressesOf, type Stage } from './stage.ts'
import type { Step } from './step.ts'

export function neighbours(stage: Stage): readonly Step[] {
  const { cable, families, nodeAddresses, key, pod } = stage
  const own = addressesOf(pod, key.ifname)
  return [
    ...own.flatMap(address => [
      ...stale(stage, address),
      put('Host', cable.host.name, address, cable.pod.mac)
    ]),
    ...families.flatMap(family =>
      nodeAddresses[family].map(address => put('Pod', cable.pod.name, address, cable.host.mac))
    )
  ]
}

/** What somebody believed of this address before: an earlier pod's cable, or the underlay's own answer. */
function stale({ host, cable }: Stage, address: Address): Step[] {
  return host.neighbours
    .filter(one => one.address === address && one.link !== cable.host.name)
    .filter(({ mac }) => mac !== undefined)
    .map(({ link }) => ({ type: 'DeleteNeighbour', at: 'Host', neighbour: { link, address } }))
}

function put(at: 'Host' | 'Pod', link: string, address: Address, mac: Mac): Step {
  return { type: 'PutNeighbour', at, neighbour: { link, address, mac } }
}
