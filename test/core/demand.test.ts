import t from 'tap'
import { assignmentOf, type Claim, claimsOf, demandText } from '../../src/core/demand.ts'
import type { IpPool } from '../../src/core/ip-pool.ts'
import type { Refusal } from '../../src/core/refusal.ts'
import { ip, pool } from '../support/samples.ts'

const a4 = pool('a4', '10.9.0.0/24', '10.9.0.2-10.9.0.9')
const b4 = { ...pool('b4', '10.8.0.0/24', '10.8.0.2'), isDefault: false }
const c6 = pool('c6', 'fd00::/64', 'fd00::2')
const off = { ...pool('off', '10.7.0.0/24', '10.7.0.2'), isDisabled: true }
const picky: IpPool = {
  ...pool('picky', '10.6.0.0/24', '10.6.0.2'),
  affinity: { nodeName: ['n1'] }
}
const all = new Map([a4, b4, c6, off, picky].map(one => [one.name, one]))
const plain = { requested: [], cleanGateway: false }

/** `next a4,b4` or `10.9.0.1 of a4`, so that a row is readable. */
function text(claims: readonly Claim[] | Refusal): string | string[] {
  if ('reason' in claims) return claims.reason
  return claims.map(claim => {
    const names = claim.pools.map(({ name }) => name).join()
    return claim.type === 'Next' ? `next ${names}` : `exact of ${names}`
  })
}

t.test('which pools serve a demand', async t => {
  const rows = [
    { why: 'the defaults of both families', demand: plain, is: ['next a4', 'next c6'] },
    {
      why: 'named pools in the order written, also those that are no default',
      demand: { ...plain, pools: { 4: ['b4', 'a4'], 6: [] } },
      is: ['next b4,a4']
    },
    {
      why: 'a pool named twice is tried once',
      demand: { ...plain, pools: { 4: ['a4', 'a4'], 6: [] } },
      is: ['next a4']
    },
    {
      why: 'a requested address replaces the next one of its family alone',
      demand: { ...plain, requested: [ip('10.9.0.5')] },
      is: ['exact of a4', 'next c6']
    },
    {
      why: 'a disabled pool is passed over',
      demand: { ...plain, pools: { 4: ['off', 'a4'], 6: [] } },
      is: ['next a4']
    },
    {
      why: 'nothing is left of the named pools',
      demand: { ...plain, pools: { 4: ['off', 'picky'], 6: ['c6'] } },
      is: 'NoPoolFits'
    },
    {
      why: 'a pool of the other family',
      demand: { ...plain, pools: { 4: ['c6'], 6: [] } },
      is: 'NoPoolFits'
    },
    {
      why: 'an unknown pool',
      demand: { ...plain, pools: { 4: ['nope'], 6: [] } },
      is: 'PoolUnknown'
    }
  ] as const
  for (const { why, demand, is } of rows) t.same(text(claimsOf(demand, all)), is, why)
  const half = new Map([
    ['c6', c6],
    ['off', off]
  ])
  t.match(
    claimsOf(plain, half),
    { reason: 'NoPoolFits', why: [/off is disabled/] },
    'of two families with default pools none is left out silently'
  )
  const asked = { ...plain, requested: [ip('10.7.0.2')], pools: { 4: ['off'], 6: [] } }
  t.match(claimsOf(asked, all), { why: [/off is disabled/] }, 'the reason of a requested address')
  t.match(claimsOf(plain, new Map()), { reason: 'NoPoolFits', why: [/no pool is marked default/] })
  t.match(claimsOf({ ...plain, pools: { 4: ['picky'], 6: [] } }, all), {
    why: [/picky.*nodeName.*does not evaluate/]
  })
})

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
    { ...plain, requested: [ip('10.9.0.5')] }
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
