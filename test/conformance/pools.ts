// Pool documents as users write them.

import { stringify } from 'yaml'

export interface PoolText {
  readonly name: string
  readonly subnet: string
  readonly ips?: readonly string[]
  readonly excludeIPs?: readonly string[]
  readonly gateway?: string
  readonly routes?: readonly { readonly dst: string; readonly gw: string }[]
  readonly default?: boolean
}

export function poolYaml(...pools: readonly PoolText[]): string {
  const documents = pools.map(({ name, ...spec }) =>
    stringify({
      apiVersion: 'spiderpool.spidernet.io/v2beta1',
      kind: 'SpiderIPPool',
      metadata: { name },
      spec
    })
  )
  return documents.join('---\n')
}

/** Five free addresses, handed out to who asks for nothing. */
export const fiveIpv4: PoolText = {
  name: 'v4',
  subnet: '10.9.0.0/24',
  ips: ['10.9.0.2-10.9.0.6'],
  gateway: '10.9.0.1',
  default: true
}
export const fiveIpv6: PoolText = {
  name: 'v6',
  subnet: 'fd09::/64',
  ips: ['fd09::2-fd09::6'],
  gateway: 'fd09::1',
  default: true
}
