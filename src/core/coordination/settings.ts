// What the coordinator is told to do: by the network configuration first, then by the SpiderCoordinator document of
// the cluster, then by the defaults that Spiderpool's users know.

import type { Address } from '../address.ts'
import type { Cidr } from '../cidr.ts'

/** `auto` decides for each interface between the next two. */
export type CoordinatorMode = 'auto' | 'underlay' | 'overlay' | 'disabled'

export interface PolicyRoute {
  readonly destination: Cidr
  readonly gateway: Address
}

/** As somebody wrote it: what is absent is decided elsewhere. */
export interface CoordinatorWishes {
  readonly mode?: CoordinatorMode
  readonly tunePodRoutes?: boolean
  readonly podDefaultRouteNic?: string
  readonly podDefaultCniNic?: string
  /** Two bytes in lower case, `0a:1b`. */
  readonly podMacPrefix?: string
  readonly hijackCidrs?: readonly Cidr[]
  readonly overlayPodCidrs?: readonly Cidr[]
  readonly serviceCidrs?: readonly Cidr[]
  readonly policyRoutes?: readonly PolicyRoute[]
  /** -1: left as it is. */
  readonly podRpFilter?: -1 | 0 | 1 | 2
  readonly hostRuleTable?: number
  /** In packets; 0: left as it is. */
  readonly txQueueLen?: number
  readonly vethLinkAddress?: Address
  /** In bytes. */
  readonly vethMtu?: number
}

export interface CoordinatorSettings extends Required<
  Omit<CoordinatorWishes, 'podDefaultRouteNic' | 'podMacPrefix' | 'vethLinkAddress'>
> {
  readonly podMacPrefix: string | undefined
  readonly vethLinkAddress: Address | undefined
  readonly defaultRouteNic: DefaultRouteWish | undefined
}

/** The interface that is to hold the pod's default route, and who says so. */
export interface DefaultRouteWish {
  readonly ifname: string
  readonly from: 'configuration' | 'annotation' | 'cluster'
}

const defaults = {
  mode: 'auto',
  tunePodRoutes: true,
  podDefaultCniNic: 'eth0',
  hijackCidrs: [],
  overlayPodCidrs: [],
  serviceCidrs: [],
  policyRoutes: [],
  podRpFilter: 0,
  hostRuleTable: 500,
  txQueueLen: 0,
  vethMtu: 1500
} as const satisfies CoordinatorWishes

export interface WishSources {
  readonly configuration: CoordinatorWishes
  /** The pod's `ipam.spidernet.io/default-route-nic`. */
  readonly annotation: string | undefined
  readonly cluster: CoordinatorWishes
}

/** A list that is empty in the configuration is as absent, any other one wins as a whole. */
export function settingsOf({
  configuration,
  annotation,
  cluster
}: WishSources): CoordinatorSettings {
  const listed = Object.fromEntries(
    Object.entries(configuration).filter(([, value]) => !Array.isArray(value) || value.length > 0)
  ) as CoordinatorWishes
  const {
    podDefaultRouteNic: _,
    podMacPrefix,
    vethLinkAddress,
    ...settings
  } = {
    ...defaults,
    ...cluster,
    ...listed
  }
  const defaultRouteNic = wishOf(configuration, annotation, cluster)
  return { ...settings, podMacPrefix, vethLinkAddress, defaultRouteNic }
}

function wishOf(
  configuration: CoordinatorWishes,
  annotation: string | undefined,
  cluster: CoordinatorWishes
): DefaultRouteWish | undefined {
  const rows: [DefaultRouteWish['from'], string | undefined][] = [
    ['configuration', configuration.podDefaultRouteNic],
    ['annotation', annotation],
    ['cluster', cluster.podDefaultRouteNic]
  ]
  for (const [from, ifname] of rows) {
    if (ifname !== undefined && ifname !== '') return { ifname, from }
  }
  return undefined
}
