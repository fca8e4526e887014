// What an ADD asks for, as text, and what it is told of an address.

import t from 'tap'
import { assignmentOf, demandText } from '../../src/core/demand.ts'
import type { IpPool } from '../../src/core/ip-pool.ts'
import { ip, pool } from '../support/samples.ts'

const a4 = pool('a4', '10.9.0.0/24', '10.9.0.2-10.9.0.9')
const c6 = pool('c6', 'fd00::/64', 'fd00::2')
const plain = { requested: [], cleanGateway: false }

t.test('equal demands have equal text', async t => {
  const pools = { 4: ['a4'], 6: [] }
  t.equal(demandText(plain), 'default pools')
  t.equal(
    demandText({ ...plain, requested: [ip('10.9.0.9'), ip('10.9.0.5')] }),
    demandText({ ...plain, requested: [ip('10.9.0.5'), ip('10.9.0.9')] })
  )
  const texts = [
    plain,
    { ...plain, cleanGateway: true },
    { ...plain, pools },
    { ...plain, pools: { 4: [], 6: ['a4'] } },
    { ...plain, requested: [ip('10.9.0.5')] },
    { ...plain, annotations: { 'ipam.spidernet.io/ippool': '{"ipv4":["a4"]}' } }
  ].map(demandText)
  t.equal(new Set(texts).size, texts.length, 'and different ones do not')
})

t.test('what the answer says of an address', async t => {
  const routed: IpPool = {
    ...a4,
    gateway: ip('10.9.0.1'),
    routes: [{ dst: '192.0.2.0/24', gw: '10.9.0.1' }]
  }
  t.same(assignmentOf(ip('10.9.0.5'), routed, false), {
    address: ip('10.9.0.5'),
    prefix: 24,
    pool: 'a4',
    gateway: ip('10.9.0.1'),
    routes: [
      { dst: '0.0.0.0/0', gw: '10.9.0.1' },
      { dst: '192.0.2.0/24', gw: '10.9.0.1' }
    ]
  })
  t.same(assignmentOf(ip('10.9.0.5'), routed, true).routes, routed.routes, 'a clean gateway')
  t.same(assignmentOf(ip('fd00::2'), c6, false).routes, [], 'no gateway, no default route')
})
