// What completion offers: names that the node knows at this moment, and nothing when it does not answer.

import type { ActorsView, ActorTree } from '../admin/actors.ts'
import type { PeersView } from '../admin/cluster-views.ts'
import type { SubnetView } from '../admin/subnets.ts'
import type { PoolsView } from '../admin/views.ts'
import { addressStates } from '../core/map/occupancy.ts'
import type { Completes } from './command.ts'
import { CommandFailure } from './exit-status.ts'
import type { Orb } from './orb.ts'

/** More would not be read by anybody. */
const candidatesMax = 200

interface Attachments {
  readonly attachments: readonly {
    readonly pod: { readonly namespace?: string; readonly name?: string }
    readonly addresses: readonly { readonly address: string }[]
  }[]
}

export async function candidatesOf(orb: Orb, which: Completes): Promise<readonly string[]> {
  try {
    return (await namesOf(orb, which)).slice(0, candidatesMax)
  } catch (error) {
    if (error instanceof CommandFailure) return []
    throw error
  }
}

async function namesOf(orb: Orb, which: Completes): Promise<readonly string[]> {
  switch (which) {
    case 'node': {
      const { node, peers } = await orb.look<PeersView>('/v1/peers')
      return [node, ...peers.map(peer => peer.node)]
    }
    case 'pool':
      return (await orb.look<PoolsView>('/v1/pools')).pools.map(({ name }) => name)
    case 'subnet': {
      const { subnets } = await orb.look<{ subnets: readonly SubnetView[] }>('/v1/subnets')
      return subnets.map(({ subnet }) => subnet)
    }
    case 'address': {
      const { attachments } = await orb.look<Attachments>('/v1/attachments')
      return attachments.flatMap(({ addresses }) => addresses.map(({ address }) => address))
    }
    case 'pod': {
      const { attachments } = await orb.look<Attachments>('/v1/attachments')
      const pods = attachments.flatMap(({ pod: { namespace, name } }) =>
        name === undefined ? [] : [`${namespace ?? 'default'}/${name}`]
      )
      return [...new Set(pods)]
    }
    case 'actor':
      return await actorPaths(orb)
    case 'state':
      return addressStates
    case 'file':
      return []
  }
}

export async function actorPaths(orb: Orb): Promise<readonly string[]> {
  const { guardian } = await orb.look<ActorsView>('/v1/actors')
  const pathsOf = ({ path, children }: ActorTree): string[] => [path, ...children.flatMap(pathsOf)]
  return guardian.children.flatMap(pathsOf)
}
