// Documents of pools that are wrong, contradict each other, change under running pods, are switched off or go.

import t from 'tap'
import { eventually } from '../support/command.ts'
import { numberedPool, poolObject, reservedObject, subnetObject, withPods } from './kube.ts'
import { anyPod, sandboxOf } from './kubelet.ts'
import { type ShownPools, Stage } from './stage.ts'

const app = {
  ...{ kind: 'Deployment', name: 'app', replicas: 5 },
  annotations: { subnet: { ipv4: ['racks'] } }
}
const stage = await Stage.open(t, {
  pools: [numberedPool('base', 1)],
  facts: withPods(app, 8)
})
const names = ({ pools }: ShownPools) => pools.map(({ name }) => name)
const has =
  (...wanted: readonly string[]) =>
  (shown: ShownPools) =>
    wanted.every(name => names(shown).includes(name))

t.test(
  'D00001 D00003: what a document may not say is said by name and key, and the others are in force',
  async t => {
    const spec = (more: Record<string, unknown>) => ({
      subnet: '10.2.0.0/24',
      ips: ['10.2.0.10'],
      ...more
    })
    const rows: [string, Record<string, unknown>, RegExp][] = [
      [
        'same-address',
        { subnet: '10.1.0.0/24', ips: ['10.1.0.19-10.1.0.25'] },
        /"10.1.0.19" belongs to pool base/
      ],
      [
        'other-cidr',
        { subnet: '10.1.0.0/16', ips: ['10.1.9.1'] },
        /10.1.0.0\/16.* overlaps 10.1.0.0\/24 of pool base/
      ],
      ['uncanonical', { subnet: '10.2.0.1/24' }, /spec.subnet/],
      ['no-subnet', { subnet: undefined }, /spec.subnet: .*must be the subnet/],
      [
        'gateway-outside',
        spec({ gateway: '10.3.0.1' }),
        /spec.gateway: .*must lie inside spec.subnet 10.2.0.0\/24/
      ],
      ['gateway-given', spec({ gateway: '10.2.0.10' }), /spec.gateway: .*would be handed out/],
      ['ip-outside', spec({ ips: ['10.3.0.1'] }), /spec.ips\[0\]: .*must lie inside spec.subnet/],
      ['ip-cidr', spec({ ips: ['10.2.0.0/28'] }), /CIDR notation/],
      ['ip-reversed', spec({ ips: ['10.2.0.9-10.2.0.8'] }), /spec.ips\[0\]/],
      [
        'default-route',
        spec({ routes: [{ dst: '0.0.0.0/0', gw: '10.2.0.1' }] }),
        /dst: .*is the default route/
      ],
      [
        'hop-outside',
        spec({ routes: [{ dst: '192.0.2.0/24', gw: '10.3.0.1' }] }),
        /gw: .*must lie inside/
      ],
      [
        'route-twice',
        spec({ routes: [1, 2].map(i => ({ dst: '192.0.2.0/24', gw: `10.2.0.${i}` })) }),
        /has a route already/
      ],
      ['wrong-version', spec({ ipVersion: 6 }), /ipVersion: .*contradicts spec.subnet/],
      ['empty-affinity', spec({ podAffinity: {} }), /podAffinity: .*must not be empty/],
      ['typing-error', spec({ excludeIps: ['10.2.0.10'] }), /excludeIps/]
    ]
    const bad = rows.map(([name, fields]) => poolObject(name, fields))
    await stage.provide('bad', [...bad, numberedPool('good', 9)], has('good'))
    const { pools, problems } = await stage.shown()
    for (const [name, , words] of rows) {
      const own = problems.find(problem => problem.includes(`"${name}"`)) ?? 'no problem'
      t.match(own.replaceAll('\\"', '"'), words, name)
    }
    t.same(pools.map(({ name }) => name).toSorted(), ['base', 'good'])
  }
)

t.test('I00009 I00010: of a hundred that claim the same at once one wins', async t => {
  const pools = Array.from({ length: 100 }, (_, i) => numberedPool(`rival-${i}`, 20))
  const subnets = Array.from({ length: 100 }, (_, i) =>
    subnetObject(`claim-${i}`, { subnet: '10.21.0.0/24', ips: ['10.21.0.10-10.21.0.19'] })
  )
  const before = (await stage.shown()).problems.length
  const isRead = ({ problems }: ShownPools) => problems.length - before === 198
  await stage.provide('rivals', [...pools, ...subnets], isRead)
  const shown = await stage.shown()
  const winners = names(shown).filter(name => name.startsWith('rival-'))
  t.equal(winners.length, 1)
  t.equal(names(shown).filter(name => name.startsWith('subnet/claim-')).length, 1)
  const refused = shown.problems.filter(one =>
    /belongs to pool rival-|is that of SpiderSubnet/.test(one)
  )
  t.equal(refused.length, 198, 'and each of the others is told whose they are')
  const pod = anyPod()
  t.match(await stage.using(winners).add(pod), { ips: ['10.20.0.10'] })
  await stage.using(winners).del(pod)
})

t.test('D00002: another gateway and other routes are for new pods', async t => {
  const routes = (gw: string) => [{ dst: '192.0.2.0/24', gw }]
  const version = (gateway: string, hop: string) =>
    numberedPool('moving', 30, 19, { gateway, routes: routes(hop) })
  await stage.provide('moving', [version('10.30.0.1', '10.30.0.2')], has('moving'))
  const kubelet = stage.using(['moving'])
  const [early, late] = [anyPod(), anyPod()]
  const first = await kubelet.add(early)
  const next = version('10.30.0.254', '10.30.0.253')
  const isRead = ({ pools }: ShownPools) => JSON.stringify(pools).includes('10.30.0.254')
  await stage.provide('moving', [next], isRead)
  t.equal((await kubelet.add(early)).text, first.text, 'who is there keeps what it was told')
  t.equal(await kubelet.check(early, first), undefined)
  t.same((await kubelet.add(late)).routes, [
    { dst: '0.0.0.0/0', gw: '10.30.0.254' },
    ...routes('10.30.0.253')
  ])
  for (const pod of [early, late]) await kubelet.del(pod)
})

t.test('D00005: a pool that is disabled gives nothing and takes back', async t => {
  const version = (disable: boolean) => numberedPool('switched', 31, 19, { disable })
  await stage.provide('switched', [version(false)], has('switched'))
  const kubelet = stage.using(['switched'])
  const pod = anyPod()
  const added = await kubelet.add(pod)
  const isDisabled = ({ pools }: ShownPools) => JSON.stringify(pools).includes('"disabled":true')
  await stage.provide('switched', [version(true)], isDisabled)
  t.match(await kubelet.refuse(anyPod()), { code: 102, msg: /switched is disabled/ })
  t.equal((await kubelet.add(pod)).text, added.text, 'who has an address keeps it')
  await kubelet.del(pod)
  t.equal((await stage.usage('switched')).used, 0)
})

t.test(
  'D00004 3.7: a pool whose document is gone gives nothing, and goes with its last pod',
  async t => {
    await stage.provide('leaving', [numberedPool('leaving', 32)], has('leaving'))
    const kubelet = stage.using(['leaving'])
    const pod = anyPod()
    const added = await kubelet.add(pod)
    await stage.provide('leaving', [], shown =>
      JSON.stringify(shown.pools).includes('"draining":true')
    )
    t.match(await kubelet.refuse(anyPod()), { code: 102, msg: /leaving.* its document is gone/ })
    t.equal((await kubelet.add(pod)).text, added.text)
    await kubelet.del(pod)
    await eventually('nothing cools', async () => (await stage.usage('leaving')).cooling === 0)
    await stage.provide('leaving', [numberedPool('after', 40)], shown => !has('leaving')(shown))
    t.match(await kubelet.refuse(anyPod()), { code: 102, msg: /"leaving" does not exist/ })
  }
)

t.test('S00001 S00002: reserved and excluded addresses are never given', async t => {
  const reserved = reservedObject('printers', { ips: ['10.33.0.10-10.33.0.12', '10.33.0.19'] })
  const pool = numberedPool('partial', 33, 19, { excludeIPs: ['10.33.0.14-10.33.0.15'] })
  await stage.provide('partial', [pool, reserved], has('partial'))
  const kubelet = stage.using(['partial'])
  const pods = [anyPod(), anyPod(), anyPod(), anyPod()]
  const got = []
  for (const pod of pods) got.push(...(await kubelet.add(pod)).ips)
  t.same(got, ['10.33.0.13', '10.33.0.16', '10.33.0.17', '10.33.0.18'])
  t.match(await kubelet.refuse(anyPod()), { code: 110 })
  for (const ip of ['10.33.0.11', '10.33.0.14']) {
    const asked = anyPod({ annotations: { ips: [ip] } })
    t.match(await kubelet.refuse(asked), { code: 102, msg: /excluded, reserved/ }, 'nor by name')
  }
  for (const pod of pods) await kubelet.del(pod)
})

t.test(
  'S00003 3.7: to exclude or reserve what is in use takes it from nobody, and from then on gives it to nobody',
  async t => {
    await stage.provide('small', [numberedPool('small', 34, 12)], has('small'))
    const kubelet = stage.using(['small'])
    const pods = [anyPod(), anyPod()] as const
    const added = [await kubelet.add(pods[0]), await kubelet.add(pods[1])] as const
    const reserved = reservedObject('late', { ips: [...added[1].ips] })
    const shrunk = numberedPool('small', 34, 12, { excludeIPs: added[0].ips })
    const isRead = ({ pools }: ShownPools) =>
      pools.find(({ name }) => name === 'small')?.total === 1
    await stage.provide('small', [shrunk, reserved], isRead)
    for (const [i, pod] of pods.entries()) {
      t.equal((await kubelet.add(pod)).text, added[i]?.text)
      await kubelet.del(pod)
    }
    const left = anyPod()
    t.same((await kubelet.add(left)).ips, ['10.34.0.12'])
    t.match(await kubelet.refuse(anyPod()), { code: 110 })
    await kubelet.del(left)
  }
)

t.test(
  'I00011: an application that reserves addresses gets none that are reserved for nobody',
  async t => {
    const ips = ['10.35.0.10-10.35.0.14']
    const racks = subnetObject('racks', { subnet: '10.35.0.0/24', ips })
    const reserved = reservedObject('switches', { ips: ['10.35.0.10', '10.35.0.12'] })
    await stage.provide('racks', [racks, reserved], has('subnet/racks'))
    const kubelet = stage.kubelet()
    const pods = [0, 1, 2].map(i => sandboxOf(`app-${i}`, { annotations: app.annotations }))
    const got = []
    for (const pod of pods) got.push(...(await kubelet.add(pod)).ips)
    t.same(got.toSorted(), ['10.35.0.11', '10.35.0.13', '10.35.0.14'])
    const fourth = sandboxOf('app-3', { annotations: app.annotations })
    t.match(await kubelet.refuse(fourth), { code: 110 })
    for (const pod of pods) await kubelet.del(pod)
  }
)
