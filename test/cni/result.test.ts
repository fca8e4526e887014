// Results by version, against the shapes of the specification.

import t from 'tap'
import type { Assignment } from '../../src/core/attachment.ts'
import { type CniVersion, cniVersions } from '../../src/cni/cni-version.ts'
import { resultJson } from '../../src/cni/result.ts'
import { ip } from '../support/samples.ts'

const v4: Assignment = {
  address: ip('10.9.0.5'),
  prefix: 24,
  pool: 'p4',
  gateway: ip('10.9.0.1'),
  routes: [{ dst: '0.0.0.0/0', gw: '10.9.0.1' }, { dst: '192.0.2.0/24' }]
}
const v6: Assignment = { address: ip('fd09::5'), prefix: 64, pool: 'p6', routes: [] }

t.test('every version has its shape', async t => {
  const routes = [{ dst: '0.0.0.0/0', gw: '10.9.0.1' }, { dst: '192.0.2.0/24' }]
  const old = (cniVersion: CniVersion) => ({
    cniVersion,
    ip4: { ip: '10.9.0.5/24', gateway: '10.9.0.1', routes },
    ip6: { ip: 'fd09::5/64' },
    dns: {}
  })
  const ips = [{ address: '10.9.0.5/24', gateway: '10.9.0.1' }, { address: 'fd09::5/64' }]
  const middle = (cniVersion: CniVersion) => ({
    cniVersion,
    ips: [
      { version: '4', ...ips[0] },
      { version: '6', ...ips[1] }
    ],
    routes,
    dns: {}
  })
  const now = (cniVersion: CniVersion) => ({ cniVersion, ips, routes, dns: {} })
  const shapes = [old, old, middle, middle, middle, now, now]
  for (const [i, version] of cniVersions.entries()) {
    t.strictSame(JSON.parse(resultJson([v4, v6], version)), shapes[i]?.(version), version)
  }
})

t.test('two addresses of one pool bring its routes once', async t => {
  const second = { ...v4, address: ip('10.9.0.6') }
  const { routes } = JSON.parse(resultJson([v4, second], '1.0.0')) as { routes: unknown[] }
  t.equal(routes.length, 2)
})

t.test('without a gateway and routes there is no such key', async t => {
  t.strictSame(JSON.parse(resultJson([v6], '1.1.0')), {
    cniVersion: '1.1.0',
    ips: [{ address: 'fd09::5/64' }],
    dns: {}
  })
})
