// The annotations that say which addresses a pod wants, by the names that Spiderpool's users know.

/** Of pods. `ips` is ours; with `migration` KubeVirt marks the pod that a running machine is to move to. */
export const podKeys = {
  subnets: 'ipam.spidernet.io/subnets',
  subnet: 'ipam.spidernet.io/subnet',
  ippools: 'ipam.spidernet.io/ippools',
  ippool: 'ipam.spidernet.io/ippool',
  routes: 'ipam.spidernet.io/routes',
  ips: 'ipam.spidernet.io/ips',
  ipNumber: 'ipam.spidernet.io/ippool-ip-number',
  reclaim: 'ipam.spidernet.io/ippool-reclaim',
  defaultRouteNic: 'ipam.spidernet.io/default-route-nic',
  networks: 'k8s.v1.cni.cncf.io/networks',
  defaultNetwork: 'v1.multus-cni.io/default-network',
  migration: 'kubevirt.io/migrationJobName'
} as const

/** Of namespaces. */
export const namespaceKeys = {
  4: 'ipam.spidernet.io/default-ipv4-ippool',
  6: 'ipam.spidernet.io/default-ipv6-ippool'
} as const

/** What is kept of a pod's annotations; the others are nobody's business here, and may be large. */
export function relevant(annotations: Readonly<Record<string, string>>): Record<string, string> {
  const known: readonly string[] = Object.values(podKeys)
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => known.includes(key)))
}
