// The pools that all nodes share, as somebody writes them who knows Spiderpool, and the numbers around them.

export const pools = `apiVersion: spiderpool.spidernet.io/v2beta1
kind: SpiderIPPool
metadata:
  name: shared-v4
spec:
  subnet: 10.58.0.0/24
  ips: [10.58.0.10-10.58.0.249]
  gateway: 10.58.0.1
  default: true
---
apiVersion: spiderpool.spidernet.io/v2beta1
kind: SpiderIPPool
metadata:
  name: shared-v6
spec:
  subnet: fd58::/64
  ips: [fd58::10-fd58::ffff]
  default: true
`

/** The subnet whose custody is shown; the other one goes the same way. */
export const shownDomain = '10.58.0.0/24'

/** The router of the pods' network. IPv6 has none: macvlan would wait two seconds for it. */
export const router = '10.58.0.1'
export const routerInterface = `${router}/24`

/** How long a released address rests before somebody else gets it. Short, since people wait for it here. */
export const cooldownSeconds = 2

/** Where nodes talk with one another: a network of their own, on the same cable. */
export const meshPort = 7946
export const nodesMax = 100
export function nodeAddress(number: number): string {
  return `10.57.0.${number}`
}
