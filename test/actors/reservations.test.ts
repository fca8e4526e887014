// Applications that reserve addresses of a SpiderSubnet: so many as they need, for their pods alone.

import t from 'tap'
import type { Demand } from '../../src/core/demand.ts'
import type { Workload } from '../../src/core/selection/facts.ts'
import type { PoolDocument } from '../../src/ports/pool-source.ts'
import { MemoryFacts } from '../support/memory-facts.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { plainDemand, TestHouse } from '../support/test-house.ts'
import { TestCluster } from '../support/test-cluster.ts'

const subnet = (ips = ['10.9.0.2-10.9.0.13']): PoolDocument => ({
  ...poolDocument('s', '10.9.0.0/24', ips),
  kind: 'SpiderSubnet',
  spec: { subnet: '10.9.0.0/24', ips, gateway: '10.9.0.1' }
})

const web = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' }
const uid = '8f14e45f-ceea-467f-a0e6-1a2b3c4d5e6f'

const demand: Demand = {
  ...plainDemand,
  annotations: { 'ipam.spidernet.io/subnet': JSON.stringify({ ipv4: ['s'] }) }
}

/** From now on the application has this size, and its pods are known. */
function tell(facts: MemoryFacts, workload: Workload = { replicas: 2 }, app = web) {
  const known = { uid, ...workload }
  facts.tellWorkload(app, known)
  return (name: string) => {
    const pod = { namespace: 'default', name }
    facts.tellPod(pod, { owner: { ...app, ...known } })
    return pod
  }
}

async function opened(documents = [subnet()]): Promise<{ house: TestHouse; facts: MemoryFacts }> {
  const house = new TestHouse(documents)
  const facts = new MemoryFacts()
  house.facts = facts
  await house.open()
  return { house, facts }
}

/** How many addresses somebody else gets. */
async function free(house: TestHouse, facts: MemoryFacts): Promise<number> {
  const greedy = { ...web, name: 'greedy' }
  const pod = tell(facts, { replicas: 200 }, greedy)
  let count = 0
  while (Array.isArray(await house.add(key(`g${count}`), { pod: pod(`g${count}`), demand })))
    count += 1
  return count
}

t.test(
  'G4 I00006 I00020: so many as it has pods and one more, and nobody else gets them',
  async t => {
    const { house, facts } = await opened()
    const pod = tell(facts)
    t.same(await house.add(key('c1'), { pod: pod('a'), demand }), [ip('10.9.0.2')])
    await house.pass(20_000)
    t.equal(await free(house, facts), 9, 'of 12 three are reserved, one of them used')
    t.same(await house.add(key('c2'), { pod: pod('b'), demand }), [ip('10.9.0.3')])
    t.same(
      await house.add(key('c3'), { pod: pod('c'), demand }),
      [ip('10.9.0.4')],
      'while one rolls over'
    )
    const refused = house.start(key('c4'), { pod: pod('d'), demand })
    await house.pass(1_000)
    t.match(refused.answer(), {
      refusal: { reason: 'ReservationFull', name: 'auto4-web-eth0-1a2b3', size: 3 }
    })
    await house.del(key('c1'))
    house.namespaces.gone.add('/run/netns/c1')
    await house.pass(8_000)
    t.same(await house.add(key('c5'), { pod: pod('e'), demand }), [ip('10.9.0.2')], 'from its own')
    t.equal(house.givenUp, undefined)
  }
)

t.test('a pod that comes while its reservation is made larger is not refused', async t => {
  const { house, facts } = await opened([subnet(['10.9.0.2-10.9.0.4'])])
  const pod = tell(facts, { replicas: 5 })
  await house.add(key('c1'), { pod: pod('a'), demand })
  await house.pass(1_000)
  // Now it is found to be too small, and before anything comes of that:
  house.clock.advance(1_000)
  const answers = ['b', 'c', 'd'].map(name => house.start(key(name), { pod: pod(name), demand }))
  await house.pass(2_000, 100)
  t.match(answers[0]?.answer(), { type: 'Allocated' })
  t.match(answers[1]?.answer(), { type: 'Allocated' })
  t.match(answers[2]?.answer(), { refusal: { reason: 'PoolExhausted' } }, 'at once, not later')
})

t.test('I00003 I00008: it grows and shrinks with the application, and settles', async t => {
  const { house, facts } = await opened()
  const pod = tell(facts, { replicas: 5 })
  await house.add(key('c1'), { pod: pod('a'), demand })
  await house.pass(20_000)
  for (const replicas of [1, 7, 2, 4]) {
    tell(facts, { replicas })
    await house.pass(45_000)
  }
  t.equal(await free(house, facts), 7, 'of 12 five are reserved')
})

t.test('I00003: it ends with the application', async t => {
  const rows = [
    { what: 'it is gone', annotations: {}, after: 'Gone', left: 12 },
    {
      what: 'another one has its name',
      annotations: {},
      after: { uid: 'x-99999', replicas: 2 },
      left: 12
    },
    {
      what: 'unless it is not to be reclaimed',
      annotations: { 'ipam.spidernet.io/ippool-reclaim': 'false' },
      after: 'Gone',
      left: 9
    }
  ] as const
  for (const { what, annotations, after, left } of rows) {
    const { house, facts } = await opened()
    const pod = tell(facts, { replicas: 2, annotations })
    await house.add(key('c1'), { pod: pod('a'), demand })
    await house.del(key('c1'))
    await house.pass(45_000)
    facts.tellWorkload(web, after)
    await house.pass(60_000)
    t.equal(await free(house, facts), left, what)
  }
})

t.test(
  'I00015 I00016: what is not reclaimed is for the next of the name, not for another kind',
  async t => {
    const { house, facts } = await opened()
    const annotations = { 'ipam.spidernet.io/ippool-reclaim': 'false' }
    const pod = tell(facts, { replicas: 1, annotations })
    t.same(await house.add(key('c1'), { pod: pod('a'), demand }), [ip('10.9.0.2')])
    await house.del(key('c1'))
    facts.tellWorkload(web, 'Gone')
    await house.pass(60_000)
    const set = tell(facts, { replicas: 1, annotations }, { ...web, kind: 'ReplicaSet' })
    t.same(await house.add(key('c2'), { pod: set('b'), demand }), [ip('10.9.0.3')])
    const again = tell(facts, { replicas: 1, annotations, uid: 'y-77777' })
    t.same(await house.add(key('c3'), { pod: again('c'), demand }), [ip('10.9.0.2')])
  }
)

t.test(
  'I00019: reclaim that is switched on later is for what was reserved before, too',
  async t => {
    const { house, facts } = await opened()
    const asking = { 'ipam.spidernet.io/subnet': '{"ipv4":["s"]}' }
    const reclaim = (value: string) => ({ ...asking, 'ipam.spidernet.io/ippool-reclaim': value })
    const pod = tell(facts, { replicas: 2, annotations: reclaim('false') })
    t.same(await house.add(key('c1'), { pod: pod('a'), demand }), [ip('10.9.0.2')])
    await house.pass(45_000)
    tell(facts, { replicas: 2, annotations: reclaim('true') })
    await house.pass(20_000)
    t.same(await house.add(key('c1'), { pod: pod('a'), demand }), [ip('10.9.0.2')])
    t.equal(await free(house, facts), 9, 'it is as large as before, with the one in use')
    for (let i = 0; i < 9; i += 1) await house.del(key(`g${i}`))
    await house.del(key('c1'))
    facts.tellWorkload(web, 'Gone')
    await house.pass(45_000)
    const greedy = { ...web, name: 'greedy' }
    const another = tell(facts, { replicas: 200 }, greedy)
    let count = 0
    while (Array.isArray(await house.add(key(`h${count}`), { pod: another(`h${count}`), demand })))
      count += 1
    t.equal(count, 12, 'and ends with the application')
  }
)

t.test('I00019: reclaim that is switched off later keeps what there is', async t => {
  const { house, facts } = await opened()
  const asking = { 'ipam.spidernet.io/subnet': '{"ipv4":["s"]}' }
  const pod = tell(facts, { replicas: 2, annotations: asking })
  await house.add(key('c1'), { pod: pod('a'), demand })
  await house.pass(20_000)
  const annotations = { ...asking, 'ipam.spidernet.io/ippool-reclaim': 'false' }
  tell(facts, { replicas: 2, annotations })
  await house.pass(20_000)
  await house.del(key('c1'))
  facts.tellWorkload(web, 'Gone')
  await house.pass(60_000)
  t.equal(await free(house, facts), 9)
})

t.test('the size by annotation', async t => {
  const rows = [
    { number: '3', left: 9 },
    { number: '+4', left: 6 },
    { number: '+0', left: 10 }
  ]
  for (const { number, left } of rows) {
    const { house, facts } = await opened()
    const annotations = { 'ipam.spidernet.io/ippool-ip-number': number }
    const pod = tell(facts, { replicas: 2, annotations })
    await house.add(key('c1'), { pod: pod('a'), demand })
    await house.pass(45_000)
    t.equal(await free(house, facts), left, number)
  }
})

t.test('I00023: what cannot be reserved for is told', async t => {
  const { house, facts } = await opened()
  const says = async (pod: { namespace: string; name: string }, asked = demand) => {
    const { answer } = house.start(key(`c-${pod.name}`), { pod, demand: asked })
    await house.pass(100, 100)
    return answer()
  }
  const bare = { namespace: 'default', name: 'bare' }
  t.match(await says(bare), {
    refusal: { reason: 'AnnotationInvalid', problems: [/what this pod belongs to is not known/] }
  })
  const crd = { ...web, apiVersion: 'apps.example.org/v1', kind: 'CloneSet' }
  t.match(await says(tell(facts, {}, crd)('clone')), {
    refusal: { problems: [/how many pods CloneSet default\/web wants is not known/] }
  })
  const fixed = tell(facts, { annotations: { 'ipam.spidernet.io/ippool-ip-number': '2' } }, crd)
  t.match(await says(fixed('clone-2')), { type: 'Allocated' })
  const bad = tell(facts, {
    replicas: 1,
    annotations: { 'ipam.spidernet.io/ippool-ip-number': '-1' }
  })
  t.match(await says(bad('bad')), { refusal: { problems: [/"-1" must be a number of addresses/] } })
  const odd = tell(facts, {
    replicas: 1,
    annotations: { 'ipam.spidernet.io/ippool-reclaim': 'no' }
  })
  t.match(await says(odd('odd')), { refusal: { problems: [/"no" must be "true" or "false"/] } })
  const wild = { ...demand, annotations: { 'ipam.spidernet.io/subnet': '{"ipv4":["s*"]}' } }
  t.match(await says(tell(facts)('wild'), wild), {
    refusal: { problems: [/wildcards are not for subnets/] }
  })
  const unknown = { ...demand, annotations: { 'ipam.spidernet.io/subnet': '{"ipv4":["x"]}' } }
  t.match(await says(tell(facts)('unknown'), unknown), {
    refusal: { reason: 'PoolUnknown', pool: 'subnet/x' }
  })
})

t.test('pools and subnets are not mistaken for each other', async t => {
  const { house, facts } = await opened([subnet(), poolDocument('p', '10.9.0.0/24', ['10.9.0.2'])])
  const pod = tell(facts)
  const anyPool = { ...plainDemand, annotations: { 'ipam.spidernet.io/ippool': '{"ipv4":["*"]}' } }
  t.same(await house.add(key('p1'), { demand: anyPool }), [ip('10.9.0.2')])
  t.equal(await house.add(key('p2'), { demand: anyPool }), 'PoolExhausted')
  t.same(await house.add(key('c1'), { pod: pod('a'), demand }), [ip('10.9.0.3')], 'beside the pool')
})

t.test('a StatefulSet keeps those of its pods, out of the subnet', async t => {
  const { house, facts } = await opened()
  const set = { ...web, kind: 'StatefulSet' }
  const pod = tell(facts, { replicas: 2 }, set)
  t.same(await house.add(key('c1'), { pod: pod('web-0'), demand }), [ip('10.9.0.2')])
  t.same(await house.add(key('c2'), { pod: pod('web-1'), demand }), [ip('10.9.0.3')])
  await house.del(key('c1'))
  await house.pass(60_000)
  t.same(await house.add(key('c3'), { pod: pod('web-0'), demand }), [ip('10.9.0.2')])
})

t.test('I00012: many interfaces, each with a reservation of its own', async t => {
  const { house, facts } = await opened()
  const pod = tell(facts, { replicas: 1 })
  const both = {
    ...plainDemand,
    annotations: {
      'ipam.spidernet.io/subnets': JSON.stringify([
        { interface: 'eth0', ipv4: ['s'] },
        { interface: 'net1', ipv4: ['s'] }
      ])
    }
  }
  t.same(await house.add(key('c1', 'a', 'eth0'), { pod: pod('a'), demand: both }), [ip('10.9.0.2')])
  t.same(await house.add(key('c1', 'b', 'net1'), { pod: pod('a'), demand: both }), [ip('10.9.0.3')])
  await house.pass(20_000)
  t.equal(await free(house, facts), 8)
})

t.test('what is reserved is for the pods on every node', async t => {
  const cluster = new TestCluster([subnet(['10.9.0.2-10.9.0.5'])])
  const one = await cluster.start('one')
  const two = await cluster.start('two')
  const pod = tell(cluster.facts, { replicas: 2 })
  const pass = async () => {
    let steps = 0
    await cluster.until(() => ++steps > 150)
  }
  const got = [await one.add(key('c1'), pod('a'), demand)]
  await pass()
  got.push(await two.add(key('c2'), pod('b'), demand))
  await pass()
  got.push(await two.add(key('c3'), pod('c'), demand))
  t.same(new Set(got.flat()).size, 3)
  t.equal(await one.add(key('c4'), pod('d'), demand), 'ReservationFull')
  await two.del(key('c3'))
  await pass()
  t.same(await one.add(key('c5'), pod('e'), demand), got[2], 'from the node that had it')
})
