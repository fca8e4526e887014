// What is told to everybody, as it travels.

import type { Rumour } from '../core/protocol.ts'
import type { BodyCodec } from './body-codec.ts'
import { hashFromWire } from './entropy-codec.ts'
import { multiaddressesFromWire } from './session-codec.ts'
import { domainOf, holdingFromWire, holdingToWire, poolOf } from './transfer-codec.ts'
import { countOf, fieldsOf, hexToWire, listOf } from './wire-fields.ts'
import { addressesPerNodeMax, domainsPerMessageMax, poolsPerDomainMax } from './wire-limits.ts'

export const rumourCodec: BodyCodec<Rumour> = {
  write: ({ n, addresses, domains }) => [
    n,
    addresses.slice(0, addressesPerNodeMax),
    domains.map(({ domain, hash, pools }) => [
      domain,
      hexToWire(hash),
      pools.map(({ pool, holding }) => [pool, holdingToWire(holding)])
    ])
  ],
  fields: 3,
  read: ([n, addresses, domains]) => ({
    type: 'Rumour',
    n: countOf(n, 'n'),
    addresses: multiaddressesFromWire(addresses),
    domains: listOf(domains, domainsPerMessageMax, 'domains', item => {
      const [domain, hash, pools] = fieldsOf(item, 3, 'domain')
      return {
        domain: domainOf(domain),
        hash: hashFromWire(hash),
        pools: listOf(pools, poolsPerDomainMax, 'pools', entry => {
          const [pool, holding] = fieldsOf(entry, 2, 'pool')
          return { pool: poolOf(pool), holding: holdingFromWire(holding) }
        })
      }
    })
  })
}
