// What every Kernel promises. The pod under test has an interface eth0, up, and nothing else but lo.

import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import { type Address, parseAddress } from '../../src/core/address.ts'
import { cidrOf } from '../../src/core/cidr.ts'
import { type Mac, parseMac } from '../../src/core/link/mac.ts'
import { everything, type Kernel } from '../../src/kernel/kernel.ts'
import type { Operation } from '../../src/kernel/operation.ts'
import { type NamespaceView, protocols, type Route, scopes, tables } from '../../src/kernel/view.ts'

export interface KernelUnderTest {
  readonly kernel: Kernel
  /** Of the pod. */
  readonly netns: string
  /** One that is not there. */
  readonly nowhere: string
}

export function ip(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return address
}

export function mac(text: string): Mac {
  const parsed = parseMac(text)
  if (parsed === undefined) throw new Error(`${text} is no hardware address`)
  return parsed
}

/** An IPv4 route on a link, of this program. */
export function routeTo(destination: string, prefix: number, more: Partial<Route>): Route {
  return {
    ...{ table: 100, destination: cidrOf(ip(destination), prefix), metric: 0, type: 'unicast' },
    ...{ protocol: protocols.static, scope: scopes.link, tos: 0, hops: [], metrics: {} },
    ...{ isExpiring: false, isPartial: false },
    ...more
  }
}

const budgetMs = 10_000
const marks = { link: 'veth0', mark: 1 }
const onVeth = { link: 'veth0', isOnLink: false, weight: 1 }
const rule = { family: 4, priority: 1000, action: 'lookup', table: 100, isPartial: false } as const

const cable: Operation = {
  ...{ at: 'Host', type: 'AddVeth' },
  link: { name: 'vethpod', mac: mac('02:00:00:00:00:01'), mtu: 1400, isUp: true },
  peer: { at: 'Pod', name: 'veth0', mac: mac('02:00:00:00:00:02'), isUp: true, txQueueLen: 7 }
}

/** What can be put, and how it goes. */
const things: readonly (readonly [what: string, put: Operation, remove: Operation])[] = [
  ...['10.9.0.7', 'fd09::7'].map(text => {
    const address = { link: 'veth0', address: ip(text), prefix: 64, isNoDad: true }
    const wanted = text.includes(':') ? address : { ...address, prefix: 24, isNoDad: false }
    return [
      `the address ${text}`,
      { at: 'Pod', type: 'PutAddress', address: wanted },
      { at: 'Pod', type: 'DeleteAddress', address: wanted }
    ] as const
  }),
  ...[
    routeTo('10.9.1.1', 32, { hops: [onVeth] }),
    routeTo('10.9.2.0', 24, { hops: [onVeth], metrics: { mtu: 1300, advmss: 1260 }, metric: 5 }),
    routeTo('0.0.0.0', 0, {
      ...{ scope: scopes.universe, protocol: 3, table: 5_000 },
      hops: [{ ...onVeth, gateway: ip('10.9.1.1'), isOnLink: true }]
    }),
    routeTo('10.9.3.0', 24, {
      scope: scopes.universe,
      hops: [
        { ...onVeth, gateway: ip('10.9.1.1'), isOnLink: true },
        { link: 'eth0', gateway: ip('10.9.1.2'), isOnLink: true, weight: 3 }
      ]
    }),
    routeTo('10.9.4.0', 24, {
      scope: scopes.universe,
      hops: [{ ...onVeth, gateway: ip('fe80::1'), isOnLink: true }]
    }),
    routeTo('10.9.5.0', 24, { scope: scopes.universe, type: 'unreachable' }),
    routeTo('fd09:1::1', 128, {
      ...{ scope: scopes.universe, metric: 1024, preference: 0 },
      hops: [onVeth]
    })
  ].map(
    route =>
      [
        `a route of ${route.hops.length} hops in table ${route.table}`,
        { at: 'Pod', type: 'PutRoute', route },
        { at: 'Pod', type: 'DeleteRoute', route }
      ] as const
  ),
  ...[
    { ...rule, protocol: protocols.static, mark: { value: 1, mask: 1 } },
    { ...rule, protocol: protocols.static, from: cidrOf(ip('10.9.0.7'), 32), table: 5_000 },
    { ...rule, protocol: protocols.boot, family: 6, to: cidrOf(ip('fd09::'), 64) } as const
  ].map(
    one =>
      [
        `a rule of IPv${one.family}`,
        { at: 'Pod', type: 'PutRule', rule: one },
        { at: 'Pod', type: 'DeleteRule', rule: one }
      ] as const
  ),
  ...['10.9.1.1', 'fd09:1::1'].map(text => {
    const neighbour = { link: 'veth0', address: ip(text), mac: mac('02:00:00:00:00:01') }
    return [
      `the neighbour ${text}`,
      { at: 'Pod', type: 'PutNeighbour', neighbour },
      { at: 'Pod', type: 'DeleteNeighbour', neighbour }
    ] as const
  }),
  ['marks', { at: 'Pod', type: 'PutMarks', marks }, { at: 'Pod', type: 'DeleteMarks' }]
]

/** Without what the kernel does by itself, soon after: local routes, learned neighbours, link-local addresses. */
function settled(view: NamespaceView): NamespaceView {
  return {
    ...view,
    addresses: view.addresses
      .filter(({ scope }) => scope === scopes.universe)
      .map(address => ({ ...address, isTentative: false })),
    routes: view.routes.filter(({ table }) => table !== tables.local),
    neighbours: view.neighbours.filter(({ state }) => state === 'permanent')
  }
}

export async function kernelContract(t: Test, under: KernelUnderTest): Promise<void> {
  const { kernel, netns, nowhere } = under
  const look = async (): Promise<{ host: NamespaceView; pod: NamespaceView }> => {
    const pod = { ...everything, marks, sysctls: ['net/ipv4/conf/all/rp_filter', 'net/ipv4/none'] }
    const seen = await kernel.observe({ netns, host: everything, pod, budgetMs })
    if (seen.type !== 'Observed' || seen.host === undefined || seen.pod === undefined) {
      throw new Error(JSON.stringify(seen))
    }
    return { host: settled(seen.host), pod: settled(seen.pod) }
  }
  const order = (...operations: readonly Operation[]) =>
    kernel.carryOut({ netns, operations, budgetMs })
  const done = { type: 'Done' }

  await t.test('a cable between host and pod', async t => {
    t.same(await order(cable), done)
    const { host, pod } = await look()
    const near = pod.links.find(({ name }) => name === 'veth0')
    const far = host.links.find(({ name }) => name === 'vethpod')
    t.match(near, { kind: 'veth', mac: '02:00:00:00:00:02', mtu: 1400, isUp: true, txQueueLen: 7 })
    t.match(far, { kind: 'veth', mac: '02:00:00:00:00:01', mtu: 1400, isUp: true })
    t.same(near?.parent, { index: far?.index, isElsewhere: true })
    t.same(far?.parent, { index: near?.index, isElsewhere: true })
    t.match(await order(cable), { type: 'Stopped', index: 0, code: 'EEXIST' })
  })

  await t.test('what is put is there, twice put is once put, and it goes', async t => {
    for (const [what, put, remove] of things) {
      const before = await look()
      t.same(await order(remove), done, `${what} may be deleted when it is not there`)
      t.same(await look(), before, 'and nothing changes')
      t.same(await order(put), done, `${what} is put`)
      const after = await look()
      t.notSame(after, before, 'which can be seen')
      t.same(await order(put), done, 'and put again')
      t.same(await look(), after, 'which changes nothing')
      t.same(await order(remove), done, 'and deleted')
      t.same(await look(), before, 'and all is as before')
    }
  })

  await t.test('routes and rules are seen as they were put', async t => {
    for (const [what, put, remove] of things) {
      if (put.type !== 'PutRoute' && put.type !== 'PutRule') continue
      t.same(await order(put), done)
      const { pod } = await look()
      const seen = put.type === 'PutRoute' ? pod.routes : pod.rules
      const wanted = put.type === 'PutRoute' ? put.route : put.rule
      t.ok(
        seen.some(one => isDeepStrictEqual(one, wanted)),
        what
      )
      t.same(await order(remove), done)
    }
  })

  await t.test('a route takes the place of the one with its key', async t => {
    const route = routeTo('10.9.6.0', 24, { hops: [onVeth] })
    const other = { ...route, hops: [{ ...onVeth, link: 'eth0' }], metrics: { mtu: 1280 } }
    t.same(await order({ at: 'Pod', type: 'PutRoute', route }), done)
    t.same(await order({ at: 'Pod', type: 'PutRoute', route: other }), done)
    const routes = (await look()).pod.routes.filter(one =>
      isDeepStrictEqual(one.destination, route.destination)
    )
    t.same(routes, [other])
    t.same(await order({ at: 'Pod', type: 'DeleteRoute', route }), done, 'the other one stays')
    t.ok((await look()).pod.routes.some(one => isDeepStrictEqual(one, other)))
    t.same(await order({ at: 'Pod', type: 'DeleteRoute', route: other }), done)
  })

  await t.test('links change', async t => {
    const before = await look()
    const change = { mac: mac('02:00:00:00:00:99'), mtu: 1380, txQueueLen: 50 }
    t.same(await order({ at: 'Pod', type: 'SetLink', name: 'veth0', change }), done)
    t.match(
      (await look()).pod.links.find(({ name }) => name === 'veth0'),
      { ...change, isUp: true }
    )
    const back = { mac: mac('02:00:00:00:00:02'), mtu: 1400, txQueueLen: 7 }
    t.same(await order({ at: 'Pod', type: 'SetLink', name: 'veth0', change: back }), done)
    t.same((await look()).pod.links, before.pod.links)
  })

  await t.test('sysctls', async t => {
    const key = 'net/ipv4/conf/all/rp_filter'
    for (const value of ['2', '0']) {
      t.same(await order({ at: 'Pod', type: 'SetSysctl', key, value }), done)
      t.same([...(await look()).pod.sysctls], [[key, value]], 'what is not there is left out')
    }
    const failed = await order({ at: 'Pod', type: 'SetSysctl', key: 'net/ipv4/none', value: '1' })
    t.match(failed, { type: 'Stopped', index: 0, code: 'ENOENT' })
  })

  await t.test('the first failure ends an order', async t => {
    const neighbour = { link: 'veth0', address: ip('10.9.7.1'), mac: mac('02:00:00:00:00:07') }
    const failed = await order(
      { at: 'Pod', type: 'PutNeighbour', neighbour },
      {
        at: 'Pod',
        type: 'PutRoute',
        route: routeTo('10.9.7.0', 24, { hops: [{ ...onVeth, link: 'none' }] })
      },
      { at: 'Pod', type: 'DeleteNeighbour', neighbour }
    )
    t.match(failed, {
      type: 'Stopped',
      index: 1,
      code: 'ENODEV',
      detail: /10\.9\.7\.0\/24.*pod.*none/
    })
    const { neighbours } = (await look()).pod
    t.ok(neighbours.some(({ address }) => address === neighbour.address))
    t.same(await order({ at: 'Pod', type: 'DeleteNeighbour', neighbour }), done)
  })

  await t.test('the cable goes with both ends', async t => {
    const remove: Operation = { at: 'Host', type: 'DeleteLink', name: 'vethpod' }
    t.same(await order(remove, remove), done)
    t.same((await look()).pod.links.map(({ name }) => name).sort(), ['eth0', 'lo'])
  })

  await t.test('a pod that is not there', async t => {
    const seen = await kernel.observe({ netns: nowhere, pod: everything, budgetMs })
    t.match(seen, { type: 'NotPossible', why: 'NoNamespace' })
    const told = await kernel.carryOut({ netns: nowhere, operations: [cable], budgetMs })
    t.match(told, { type: 'NotPossible', why: 'NoNamespace' })
  })

  await t.test('closed', async t => {
    const waiting = kernel.observe({ host: everything, budgetMs })
    await kernel.close()
    const first = await waiting
    t.ok(first.type === 'Observed' || first.why === 'Closed', 'who waits is answered')
    await kernel.close()
    t.match(await kernel.observe({ host: everything, budgetMs }), {
      type: 'NotPossible',
      why: 'Closed'
    })
    t.match(await order(), { type: 'NotPossible', why: 'Closed' })
  })
}
