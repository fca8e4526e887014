// The pools of the demo's node, as somebody writes them who knows Spiderpool.

export const pools = `apiVersion: spiderpool.spidernet.io/v2beta1
kind: SpiderIPPool
metadata:
  name: demo-v4
spec:
  subnet: 10.58.0.0/24
  ips: [10.58.0.10-10.58.0.249]
  gateway: 10.58.0.1
  default: true
---
apiVersion: spiderpool.spidernet.io/v2beta1
kind: SpiderIPPool
metadata:
  name: demo-v6
spec:
  subnet: fd58::/64
  ips: [fd58::10-fd58::ffff]
  default: true
`

/** The router of the network that the demo makes. IPv6 has none: macvlan would wait two seconds for it. */
export const router = '10.58.0.1'
export const routerInterface = `${router}/24`

/** How long a released address rests before somebody else gets it. Short, since people wait for it here. */
export const cooldownSeconds = 2
export const usualCooldownSeconds = 30
