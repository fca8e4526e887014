// The verbs of the coordinator: from a decoded request to what the plugin prints.

import t from 'tap'
import { carryOutChained } from '../../src/cni/chained-verbs.ts'
import { carryOut } from '../../src/cni/verbs.ts'
import type { PluginRequest } from '../../src/cni/plugin-request.ts'
import { formatCidr } from '../../src/core/cidr.ts'
import type { Mac } from '../../src/core/link/mac.ts'
import { chainedService, cniService, refusal } from '../support/cni-service.ts'
import { MemoryCoordinator } from '../support/memory-coordinator.ts'
import { ip } from '../support/samples.ts'

const previous = {
  cniVersion: '1.0.0',
  interfaces: [
    { name: 'veth7', mac: '0a:00:00:00:00:01' },
    { name: 'eth0', mac: '0a:00:00:00:00:02', sandbox: '/run/netns/a' }
  ],
  ips: [{ address: '10.9.0.5/24', gateway: '10.9.0.1', interface: 1 }],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '192.0.2.0/24', gw: '10.9.0.2', mtu: 1400, table: 100 }],
  dns: {}
}

function world(coordinator = new MemoryCoordinator(), noAddresses?: string) {
  const collected: string[] = []
  const service = chainedService({
    coordinator,
    collect: ({ network }) => {
      collected.push(network)
      return Promise.resolve(noAddresses)
    }
  })
  const ask = (verb: string, more: object = {}, role = 'orbweaver-coordinator') =>
    carryOutChained(requestOf(verb, more, role), service)
  return { ask, collected }
}

function requestOf(verb: string, more: object, role: string): PluginRequest {
  const conf = { cniVersion: '1.1.0', name: 'net1', type: role, prevResult: previous, ...more }
  return {
    ...{ role, verb, containerId: 'c1', netns: '/run/netns/a', ifname: 'eth0' },
    ...{ args: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=web', start: 5n, budget: 2_000 },
    ...{ boot: undefined, trace: undefined, conf: Buffer.from(JSON.stringify(conf)) }
  }
}

t.test('ADD passes on what was done before, and prints it unchanged', async t => {
  for (const role of ['orbweaver-coordinator', 'coordinator']) {
    const coordinator = new MemoryCoordinator()
    const { ask } = world(coordinator)
    const printed = await ask('ADD', { hijackCIDR: ['169.254.0.0/16'], MODE: 'underlay' }, role)
    t.same(JSON.parse(printed), { ...previous, cniVersion: '1.1.0' })
    const [order] = coordinator.orders
    t.match(order, {
      key: { network: 'net1', containerId: 'c1', ifname: 'eth0' },
      pod: { namespace: 'default', name: 'web' },
      sandbox: { path: '/run/netns/a', namespace: '4:1' },
      wishes: { mode: 'underlay' },
      annotations: undefined
    })
    t.same(order?.wishes.hijackCidrs?.map(formatCidr), ['169.254.0.0/16'])
    t.same(order?.result.addresses, [
      { address: ip('10.9.0.5'), prefix: 24, gateway: ip('10.9.0.1') }
    ])
    t.match(order?.result.routes[1], { gateway: ip('10.9.0.2'), mtu: 1400, table: 100 })
  }
})

t.test('the pod’s annotations come along, whatever else they are', async t => {
  const coordinator = new MemoryCoordinator()
  const wish = { 'ipam.spidernet.io/default-route-nic': 'net1' }
  const annotations = { 'io.kubernetes.cri.pod-annotations': { ...wish, other: 'x' } }
  await world(coordinator).ask('ADD', { runtimeConfig: annotations })
  await world(coordinator).ask('ADD', {
    runtimeConfig: { 'io.kubernetes.cri.pod-annotations': { other: 'x' } }
  })
  t.same(
    coordinator.orders.map(order => order.annotations),
    [wish, {}]
  )
})

t.test('a hardware address that was changed is told, of the pod’s own interface', async t => {
  const coordinator = new MemoryCoordinator()
  coordinator.answer = { type: 'Coordinated', mac: '0a:1b:0a:09:00:05' as Mac }
  const printed = JSON.parse(await world(coordinator).ask('ADD')) as typeof previous
  t.same(
    printed.interfaces.map(({ mac }) => mac),
    ['0a:00:00:00:00:01', '0a:1b:0a:09:00:05']
  )
  const host = { ...previous, interfaces: [{ name: 'eth0', mac: 'x' }, ...previous.interfaces] }
  const again = JSON.parse(
    await world(coordinator).ask('ADD', { prevResult: host })
  ) as typeof previous
  t.equal(again.interfaces[0]?.mac, 'x', 'and not of the host’s link with its name')
})

t.test('what cannot be read is refused with every key', async t => {
  const { ask } = world()
  const rows: [object, number, RegExp][] = [
    [{ prevResult: undefined }, 7, /needs prevResult/],
    [{ mode: 'both', vethMTU: 1, podMACPrefix: '0b:00' }, 7, /mode.*podMACPrefix.*vethMTU/],
    [{ hijackCIDR: ['10.0.0.1/8', '0.0.0.0/0'] }, 7, /host bits.*default route/],
    [{ hostRuleTable: 254 }, 7, /table of the kernel/],
    [{ policyRoutes: [{ dst: '10.0.0.0/8', gw: 'fd00::1' }] }, 7, /must be IPv4/],
    [{ prevResult: { ips: [{ address: '10.9.0.5' }] } }, 7, /prevResult.ips.address/],
    [{ prevResult: { routes: [{ dst: '10.9.0.0/24', mtu: 'x' }] } }, 7, /routes.mtu/],
    [{ prevResult: [] }, 6, /prevResult must be an object/]
  ]
  for (const [more, code, message] of rows) {
    const found = await refusal(ask('ADD', more))
    t.equal(found.code, code, found.message)
    t.match(found.message, message)
  }
})

t.test('a refusal says where, what and why', async t => {
  const rows = [
    ['Settings', 7],
    ['Busy', 11],
    ['Failed', 130],
    ['Forbidden', 130],
    ['NoNamespace', 8],
    ['Overtaken', 11],
    ['Disk', 5]
  ] as const
  for (const [why, code] of rows) {
    const coordinator = new MemoryCoordinator()
    coordinator.answer = { type: 'NotCoordinated', why, detail: 'because' }
    const found = await refusal(world(coordinator).ask('ADD'))
    t.match(found, { code, message: /^net1\/c1\/eth0 on n1: .*because$/ })
    t.notMatch(found.message, /not found|no such file/i)
  }
})

t.test('CHECK names each difference', async t => {
  const coordinator = new MemoryCoordinator()
  const { ask } = world(coordinator)
  t.equal(await ask('CHECK'), '')
  coordinator.examined = { type: 'Examined', differences: ['a is missing', 'b is back'] }
  t.match(await refusal(ask('CHECK')), { code: 131, message: /a is missing; b is back/ })
  coordinator.examined = { type: 'Unknown' }
  t.match(await refusal(ask('CHECK')), { code: 3 })
  t.equal(await ask('CHECK', { mode: 'disable' }), '', 'nothing is expected of a disabled one')
  coordinator.disabled = true
  t.equal(await ask('CHECK'), '')
  t.match(await refusal(ask('CHECK', { prevResult: undefined })), { code: 7 })
  t.match(await refusal(ask('CHECK', { cniVersion: '0.3.1' })), { code: 1 })
})

t.test('DEL needs nothing but the name of the network', async t => {
  const coordinator = new MemoryCoordinator()
  const { ask } = world(coordinator)
  t.equal(await ask('DEL', { prevResult: undefined, mode: 'nonsense', hijackCIDR: 7 }), '')
  t.match(coordinator.undone, [
    { key: { network: 'net1', containerId: 'c1', ifname: 'eth0', role: 'coordinator' } }
  ])
  coordinator.canUndo = false
  await t.rejects(ask('DEL'), /left to the queue/)
})

t.test('GC goes to the addresses, too', async t => {
  const coordinator = new MemoryCoordinator()
  const { ask, collected } = world(coordinator)
  await ask('GC', { 'cni.dev/valid-attachments': [{ containerID: 'c9', ifname: 'eth0' }] })
  t.match(coordinator.collected, [{ network: 'net1', keep: new Set(['net1/c9/eth0']) }])
  t.same(collected, ['net1'])
  t.match(await refusal(ask('GC')), { code: 7 })
  const away = world(coordinator, 'its database cannot be trusted')
  const keep = { 'cni.dev/valid-attachments': [] }
  t.match(await refusal(away.ask('GC', keep)), { code: 113, message: /cannot be trusted/ })
  t.equal(
    coordinator.collected.length,
    2,
    'what was done to the network is taken back all the same'
  )
})

t.test('each plugin is served at its own door', async t => {
  t.match(await refusal(world().ask('ADD', {}, 'orbweaver')), { code: 7, message: /orbweaver/ })
  const asker = { client: 1, onAllocate: () => {} }
  for (const role of ['orbweaver-coordinator', 'ifacer']) {
    const wrong = (verb: string) =>
      carryOut(requestOf(verb, {}, role), asker, cniService({ allocator: { why: 'closed' } }))
    t.match(await refusal(wrong('ADD')), { code: 7, message: new RegExp(role) })
    // It is about no address, and must not be lost either.
    await t.rejects(wrong('DEL'), { message: `DEL of ${role} is left to the queue` })
  }
})

t.test('STATUS says what stands in the way', async t => {
  const coordinator = new MemoryCoordinator()
  const { ask } = world(coordinator)
  t.equal(await ask('STATUS'), '')
  coordinator.hindrance = 'not permitted'
  t.match(await refusal(ask('STATUS')), { code: 50, message: /not permitted/ })
})
