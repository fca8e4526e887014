// Conflict and gateway detection: what an ADD does with what the link says.

import t from 'tap'
import { type Mac, parseMac } from '../../src/core/link/mac.ts'
import type { Demand } from '../../src/core/demand.ts'
import { settle } from '../support/manual-clock.ts'
import { ScriptedLink } from '../support/link-script.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { outcomeOf, plainDemand, TestHouse } from '../support/test-house.ts'

const mac = parseMac('02:00:00:00:00:09') as Mac
const blue = poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'], { gateway: '10.9.0.1' })

async function opened(
  policy: { conflict?: boolean; gateway?: boolean } = { conflict: true },
  documents = [blue]
) {
  const house = new TestHouse(documents)
  const link = new ScriptedLink()
  house.link = {
    prober: link,
    policy: { conflict: false, gateway: false, budgetMs: 2_000, ...policy }
  }
  await house.open()
  return { house, link }
}

t.test('C00018: a squatter is stepped around in one ADD', async t => {
  const { house, link } = await opened()
  link.squat(ip('10.9.0.2'), mac)
  link.squat(ip('10.9.0.3'), mac)
  t.same(await house.add(key('c1')), [ip('10.9.0.4')])
  t.match(link.asked, [
    {
      netns: '/run/netns/c1',
      ifname: 'eth0',
      budgetMs: 2_000,
      targets: [{ address: ip('10.9.0.2'), conflict: true }]
    },
    { targets: [{ address: ip('10.9.0.3') }] },
    { targets: [{ address: ip('10.9.0.4') }] }
  ])
  t.same(
    link.announced.map(({ addresses }) => addresses),
    [[ip('10.9.0.4')]]
  )
  t.same(await house.add(key('c2')), [ip('10.9.0.5')], 'nobody meets it again')
  t.equal(house.log.filter(({ message }) => /no pod of this cluster/.test(message)).length, 2)
})

t.test('squatters on both families are stepped around together', async t => {
  const six = poolDocument('six', 'fd09::/64', ['fd09::2-fd09::9'])
  const { house, link } = await opened({ conflict: true }, [blue, six])
  link.squat(ip('10.9.0.2'), mac)
  link.squat(ip('fd09::2'), mac)
  t.same(await house.add(key('c1')), [ip('10.9.0.3'), ip('fd09::3')])
  t.equal(link.asked.length, 2, 'what one look has found is not looked for again')
  t.same(await house.add(key('c2')), [ip('10.9.0.4'), ip('fd09::4')], 'both are out of use')
})

t.test('G5: the address is out of use for a while, and asked about again afterwards', async t => {
  const { house, link } = await opened()
  link.squat(ip('10.9.0.2'), mac)
  await house.add(key('c1'))
  for (const id of ['c2', 'c3', 'c4']) await house.add(key(id))
  t.equal(await house.add(key('c5')), 'PoolExhausted', 'also when nothing else is left')
  link.leave(ip('10.9.0.2'))
  await house.pass(15 * 60_000, 30_000)
  t.same(await house.add(key('c6')), [ip('10.9.0.2')])
})

t.test('C00019: an address asked for by name is kept, and the ADD names who has it', async t => {
  const { house, link } = await opened()
  link.squat(ip('10.9.0.5'), mac)
  const demand: Demand = { ...plainDemand, requested: [ip('10.9.0.5')] }
  const started = house.start(key('c1'), { demand })
  await settle()
  t.match(started.answer(), {
    refusal: { reason: 'AddressConflict', addresses: [{ address: ip('10.9.0.5'), mac }] }
  })
  link.leave(ip('10.9.0.5'))
  t.same(await house.add(key('c1'), { demand }), [ip('10.9.0.5')], 'no quarantine')
})

t.test('a network that belongs to others is not searched to its end', async t => {
  const wide = poolDocument('wide', '10.8.0.0/24', ['10.8.0.2-10.8.0.99'])
  const { house, link } = await opened({ conflict: true }, [wide])
  for (let i = 2; i < 100; i += 1) link.squat(ip(`10.8.0.${i}`), mac)
  t.equal(await house.add(key('c1')), 'AddressConflict')
  t.equal(link.asked.length, 8)
})

t.test('C00009: a gateway that does not answer', async t => {
  const { house, link } = await opened({ gateway: true })
  t.equal(await house.add(key('c1')), 'GatewayUnreachable')
  t.same(house.stored(), [], 'the address is free again')
  link.route(ip('10.9.0.1'), mac)
  t.same(await house.add(key('c1')), [ip('10.9.0.2')])
})

t.test(
  'the network is asked first what is looked for, then the pool, then the cluster',
  async t => {
    const off = { ...blue, annotations: { 'ipam.spidernet.io/detect-conflict': 'false' } }
    const { house, link } = await opened({ conflict: true }, [off])
    await house.add(key('c1'))
    t.equal(link.asked.length, 0, 'the pool says no')
    t.equal(link.announced.length, 0)
    const demand = { ...plainDemand, link: { master: 'uplink', detection: { conflict: true } } }
    await house.add(key('c2'), { demand })
    t.match(link.asked, [{ master: 'uplink' }], 'the network says yes')
  }
)

t.test('what cannot be asked does not stop a pod', async t => {
  const { house, link } = await opened()
  link.obstruct('Unsuited')
  t.same(await house.add(key('c1')), [ip('10.9.0.2')])
  t.equal(link.announced.length, 0, 'nothing is sent in the name of an unproven address')
  t.ok(house.log.some(({ message }) => /could not be asked/.test(message)))
})

t.test('a DEL while the link is asked', async t => {
  const { house, link } = await opened()
  link.hold()
  const started = house.start(key('c1'))
  await settle()
  t.equal(outcomeOf(started.answer()), 'no answer')
  await house.del(key('c1'))
  t.equal(outcomeOf(started.answer()), 'Deleted')
  link.release()
  await settle()
  t.same(house.stored(), [])
  t.same(await house.add(key('c2')), [ip('10.9.0.2')], 'the address is free again')
})

t.test('an interface that was decided earlier is asked about when it is there', async t => {
  const other = poolDocument('other', '10.8.0.0/29', ['10.8.0.2-10.8.0.6'], { default: false })
  const { house, link } = await opened({ conflict: true }, [blue, other])
  const ippools = [
    { interface: 'eth0', ipv4: ['blue'] },
    { interface: 'net1', ipv4: ['other'] }
  ]
  const annotations = { 'ipam.spidernet.io/ippools': JSON.stringify(ippools) }
  const demand: Demand = { ...plainDemand, annotations }
  await house.add(key('c1'), { demand })
  link.squat(ip('10.8.0.2'), mac)
  const net1 = key('c1', 'second', 'net1')
  t.same(await house.add(net1, { demand }), [ip('10.8.0.3')], 'another one is got')
  t.same(house.stored().sort(), ['net1/c1/eth0', 'second/c1/net1'])
  t.match(
    link.asked.map(({ ifname }) => ifname),
    ['eth0', 'net1', 'net1']
  )
})
