// The thread that speaks with the kernel: its limits, its replacement, and what only a real kernel shows.

import { readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { everything, type Kernel } from '../../src/kernel/kernel.ts'
import type { Operation } from '../../src/kernel/operation.ts'
import { createLateKernel } from '../../src/kernel/late-kernel.ts'
import { createThreadKernel } from '../../src/kernel/thread-kernel.ts'
import { type Link, scopes, tables } from '../../src/kernel/view.ts'
import { ip, routeTo } from '../contracts/kernel.contract.ts'
import { eventually } from '../support/command.ts'
import { keptLog } from '../support/link-lan.ts'
import { Netns } from '../support/netns.ts'
import { requireRoot } from '../support/privilege.ts'

const budgetMs = 10_000
const log = keptLog()

/** A host and a pod with `eth0`, and the kernel that knows them. */
async function stage(t: Test): Promise<{ host: Netns; pod: Netns; kernel: Kernel }> {
  const host = await Netns.make()
  t.teardown(() => host.remove())
  const pod = await Netns.make()
  t.teardown(() => pod.remove())
  await host.connect('uplink', pod, 'eth0')
  const kernel = createThreadKernel({ log, home: host.path })
  t.teardown(() => kernel.close())
  return { host, pod, kernel }
}

t.test('what is looked at can be narrowed', async t => {
  if (!requireRoot(t, 'looks at namespaces')) return
  const { host, pod, kernel } = await stage(t)
  await host.addAddress('uplink', '10.6.0.1/16')
  await pod.addAddress('eth0', '10.6.0.7/16')
  await pod.addAddress('eth0', 'fd06::7/64')
  await pod.ip('route', 'add', 'default', 'via', '10.6.0.1')
  await pod.ip('route', 'add', '10.7.0.0/16', 'dev', 'eth0', 'table', '101')
  for (const address of ['10.6.0.1', 'fd06::1']) {
    await pod.ip('neigh', 'add', address, 'lladdr', '02:00:00:00:00:01', 'dev', 'eth0')
  }
  const look = async (of: Parameters<Kernel['observe']>[0]['pod']) => {
    const seen = await kernel.observe({ netns: pod.path, ...(of && { pod: of }), budgetMs })
    if (seen.type !== 'Observed' || seen.pod === undefined) throw new Error(JSON.stringify(seen))
    return seen.pod
  }
  const prefixes = async (of: Parameters<typeof look>[0]) =>
    (await look(of)).routes.map(({ destination, table }) => [table, destination.prefix])
  t.same(await prefixes({ routes: { tables: [101] } }), [[101, 16]])
  t.same(await prefixes({ families: [6], routes: { tables: [101, 777] } }), [], 'no such table')
  t.same(await prefixes({ families: [4], routes: { tables: [tables.main] } }), [
    [254, 0],
    [254, 16]
  ])
  t.same(
    (await look({ families: [6], rules: true })).rules.map(({ family, priority }) => [
      family,
      priority
    ]),
    [
      [6, 0],
      [6, 32766]
    ]
  )
  const permanent = async (link: string) =>
    (await look({ neighbours: { link } })).neighbours.filter(({ state }) => state === 'permanent')
  t.same((await permanent('eth0')).length, 2)
  t.same(await permanent('lo'), [])
  t.same(await permanent('none'), [])
  const found = async (of: Parameters<typeof look>[0]) => {
    const view = await look(of)
    return [
      ...view.links.map(({ name }) => name),
      ...view.addresses.map(({ link, prefix }) => `${link}/${prefix}`),
      ...view.neighbours.filter(({ state }) => state === 'permanent').map(({ address }) => address)
    ]
  }
  await pod.addAddress('lo', '10.8.0.1/32')
  const { index } = (await look({ links: true })).links.find(({ name }) => name === 'eth0') ?? {}
  t.same(await found({ links: { names: ['eth0', 'none'] } }), ['eth0'])
  t.same(await found({ families: [4], addresses: true }), ['lo/8', 'lo/32', 'eth0/16'])
  const global = { scope: scopes.universe, butOf: 1 }
  t.same(await found({ addresses: global }), ['eth0/16', 'eth0/64'])
  t.same(await found({ families: [6], addresses: global }), ['eth0/64'])
  t.same(await found({ addresses: { ...global, butOf: index ?? 0 } }), ['lo/32'])
  t.same(await found({ neighbours: { addresses: [ip('fd06::1')] } }), [ip('fd06::1')])
  t.same(await found({ families: [4], neighbours: { addresses: [ip('fd06::1')] } }), [])
  await pod.ip('route', 'add', '10.6.9.9', 'dev', 'eth0')
  await pod.ip('route', 'add', '10.6.9.8', 'dev', 'eth0', 'table', '101')
  const to = [ip('10.6.9.9'), ip('10.7.0.0'), ip('fd06::9')]
  t.same(await prefixes({ routes: { to } }), [
    [254, 0],
    [254, 32]
  ])
  t.same(await prefixes({ routes: { tables: [101], to: [ip('10.6.9.8')] } }), [[101, 32]])
  const { ways, links } = await look({ waysTo: [ip('10.6.0.9'), ip('1.1.1.1'), ip('fd07::1')] })
  t.match(ways, [
    { source: ip('10.6.0.7'), hops: [{ link: 'eth0' }] },
    { source: ip('10.6.0.7'), hops: [{ link: 'eth0', gateway: ip('10.6.0.1') }] },
    undefined
  ])
  t.same(links, [], 'nobody looked at those')
})

t.test('settings of links are told as their files have them', async t => {
  if (!requireRoot(t, 'settings of links')) return
  const { pod, kernel } = await stage(t)
  const keys = ['all', 'default', 'eth0', 'lo', 'none'].flatMap(link => [
    `net/ipv4/conf/${link}/rp_filter`,
    `net/ipv4/conf/${link}/arp_ignore`
  ])
  const values = ['2', '1', '0', '2', '1', '8', '2', '0']
  const there = keys.slice(0, values.length)
  const lines = there.map((key, i) => `echo ${values[i]} >/proc/sys/${key}`)
  await pod.exec('sh', '-c', lines.join('; '))
  for (const links of [true, false]) {
    const question = { sysctls: keys, ...(links && { links }) }
    const seen = await kernel.observe({ netns: pod.path, pod: question, budgetMs })
    const told = seen.type === 'Observed' ? seen.pod?.sysctls : undefined
    t.same(
      there.map(key => told?.get(key)),
      values,
      `links are looked at: ${links}`
    )
    t.equal(told?.size, values.length)
  }
})

t.test('links of every kind', async t => {
  if (!requireRoot(t, 'links of every kind')) return
  const { host, pod, kernel } = await stage(t)
  await host.addBridge('br0')
  await host.addMacvlan('mv0', 'uplink')
  const order = (...operations: readonly Operation[]) =>
    kernel.carryOut({ netns: pod.path, operations, budgetMs })
  const linkOf = async (name: string) => {
    const seen = await kernel.observe({ host: everything, budgetMs })
    return seen.type === 'Observed' && seen.host?.links.find(link => link.name === name)
  }
  const uplink = await linkOf('uplink')
  t.match(await linkOf('mv0'), {
    kind: 'macvlan',
    parent: { index: uplink !== false && uplink?.index, isElsewhere: false }
  })
  t.same(await order({ at: 'Host', type: 'SetLink', name: 'uplink', change: { master: 'br0' } }), {
    ...{ type: 'Stopped', index: 0, code: 'EBUSY' },
    detail: 'setting master of uplink on the host: resource busy or locked (EBUSY)'
  })
  const veth: Operation = {
    ...{ at: 'Host', type: 'AddVeth', link: { name: 'a' }, peer: { at: 'Host', name: 'b' } }
  }
  t.same(await order(veth), { type: 'Done' }, 'both ends in one namespace')
  const narrow: Operation = {
    ...{ at: 'Host', type: 'AddVeth', link: { name: 'n1', queues: 1, isUp: true } },
    peer: { at: 'Pod', name: 'n2', isUp: true }
  }
  t.same(await order(narrow), { type: 'Done' })
  for (const [end, netns] of [
    ['n1', host],
    ['n2', pod]
  ] as const) {
    t.match(
      await netns.ip('-d', 'link', 'show', end),
      /UP.* state UP[^]* numtxqueues 1 .*numrxqueues 1 /
    )
  }
  const join = { master: 'br0', name: 'c', isUp: true }
  t.same(await order({ at: 'Host', type: 'SetLink', name: 'a', change: join }), { type: 'Done' })
  t.match(await linkOf('c'), { kind: 'veth', master: 'br0', isUp: true })
  const leave = { master: null, isUp: false }
  t.same(await order({ at: 'Host', type: 'SetLink', name: 'c', change: leave }), { type: 'Done' })
  t.match(await linkOf('c'), { isUp: false })
  t.notOk((await linkOf('c')) && 'master' in ((await linkOf('c')) || {}))

  const link = { name: 'made' }
  const made: readonly (readonly [Operation, Pick<Link, 'kind' | 'vlanId' | 'bondMode'>])[] = [
    [
      { at: 'Host', type: 'AddVlan', link, parent: 'b', id: 7 },
      { kind: 'vlan', vlanId: 7 }
    ],
    [
      { at: 'Host', type: 'AddBond', link, mode: 1, options: { numbers: { miimon: 9 } } },
      { kind: 'bond', bondMode: 1 }
    ]
  ]
  for (const [operation, seen] of made) {
    const answer = await order(operation)
    if (answer.type === 'Done') {
      t.match(await linkOf('made'), seen)
      t.same(await order({ at: 'Host', type: 'DeleteLink', name: 'made' }), { type: 'Done' })
    } else {
      t.match(answer, { code: 'ENOTSUP', detail: /Unknown device type/ })
      t.comment(`left out: ${seen.kind} links, which this kernel does not have`)
    }
  }
})

t.test('rules of others stay', async t => {
  if (!requireRoot(t, 'rules')) return
  const { pod, kernel } = await stage(t)
  const rule = {
    priority: 1000,
    action: 'lookup',
    table: 100,
    protocol: 4,
    isPartial: false
  } as const
  const remove: Operation = { at: 'Pod', type: 'DeleteRule', rule: { ...rule, family: 4 } }
  const order = (...operations: readonly Operation[]) =>
    kernel.carryOut({ netns: pod.path, operations, budgetMs })
  const theirs = '1000:\tfrom 10.6.0.7 lookup 100 proto static'
  await pod.ip(
    'rule',
    'add',
    'pref',
    '1000',
    'from',
    '10.6.0.7',
    'lookup',
    '100',
    'proto',
    'static'
  )
  t.same(await order(remove), { type: 'Done' })
  t.ok((await pod.ip('rule')).includes(theirs), 'it is not the one that is to go')
  t.same(await order({ at: 'Pod', type: 'PutRule', rule: remove.rule }), { type: 'Done' })
  t.match(await order(remove), { type: 'Stopped', code: 'EBUSY' }, 'the kernel would take theirs')
  t.ok((await pod.ip('rule')).includes(theirs))
})

t.test('a thread that does not come back is replaced', async t => {
  if (!requireRoot(t, 'a thread that is replaced')) return
  const { host, pod, kernel } = await stage(t)
  t.match(await kernel.observe({ host: everything, budgetMs }), { type: 'Observed' })
  // It takes many seconds, in which nobody looks at the time.
  const sysctls = Array.from({ length: 600_000 }, () => 'net/ipv4/conf/all/rp_filter')
  const first = kernel.observe({ netns: pod.path, pod: { sysctls }, budgetMs: 1_000 })
  const second = kernel.observe({ host: everything, budgetMs })
  t.match(await second, { type: 'Observed' }, 'others need not wait for it')
  t.match(await first, { type: 'NotPossible', why: 'Late' })
  t.match(await kernel.observe({ host: everything, budgetMs }), { type: 'Observed' })
  t.match(log.lines, [/does not answer; it is replaced/])
  // A namespace ends with the last that belongs to it, and a cable with either of its ends.
  await pod.remove()
  await eventually('its sockets are closed', async () => !(await host.link('uplink')), 10_000)
})

t.test('a home that is not there', async t => {
  const kernel = createThreadKernel({ log, home: '/run/netns/ow-none' })
  t.teardown(() => kernel.close())
  for (let i = 0; i < 2; i += 1) {
    const seen = await kernel.observe({ host: everything, budgetMs })
    t.match(seen, { type: 'NotPossible', why: 'Failed', detail: /ENOENT/ })
  }
})

t.test('many at once', async t => {
  if (!requireRoot(t, 'many orders at once')) return
  const { host, pod, kernel } = await stage(t)
  const orders = Array.from({ length: 20 }, async (_, i) => {
    const add: Operation = {
      ...{ at: 'Host', type: 'AddVeth', link: { name: `host${i}` } },
      peer: { at: 'Pod', name: `pod${i}` }
    }
    const remove: Operation = { at: 'Host', type: 'DeleteLink', name: `host${i}` }
    const one = (operation: Operation) =>
      kernel.carryOut({ netns: pod.path, operations: [operation], budgetMs })
    return [await one(add), await one(add), await one(remove)]
  })
  for (const answers of await Promise.all(orders)) {
    t.match(answers, [{ type: 'Done' }, { type: 'Stopped', code: 'EEXIST' }, { type: 'Done' }])
  }
  t.same((await host.links()).map(({ name }) => name).sort(), ['lo', 'uplink'])
})

t.test(
  'orders for one pod are carried out in their order, however many threads there are',
  async t => {
    if (!requireRoot(t, 'orders one after the other')) return
    const { pod, kernel } = await stage(t)
    await Promise.all(Array.from({ length: 8 }, () => kernel.observe({ host: {}, budgetMs })))
    const orders = Array.from({ length: 10 }, (_, i): Operation[] => [
      { at: 'Host', type: 'AddVeth', link: { name: `h${i}` }, peer: { at: 'Pod', name: `p${i}` } },
      { at: 'Pod', type: 'SetLink', name: `p${i}`, change: { isUp: true } },
      { at: 'Pod', type: 'DeleteLink', name: `p${i}` }
    ]).flat()
    const given = orders.map(one =>
      kernel.carryOut({ netns: pod.path, operations: [one], budgetMs })
    )
    for (const answer of await Promise.all(given)) t.same(answer, { type: 'Done' })
    t.same((await pod.links()).map(({ name }) => name).sort(), ['eth0', 'lo'])
  }
)

t.test('limits', async t => {
  if (!requireRoot(t, 'the limits of the thread')) return
  const { pod, kernel } = await stage(t)
  const route = routeTo('10.9.0.0', 24, { hops: [{ link: 'eth0', isOnLink: false, weight: 1 }] })
  const late = await kernel.carryOut({ operations: [], budgetMs: 0 })
  t.match(late, { type: 'NotPossible', why: 'Busy' }, 'the time was up before it began')
  const asked = Array.from({ length: 600 }, () => kernel.observe({ host: {}, budgetMs }))
  const answers = await Promise.all(asked)
  const busy = answers.filter(one => one.type === 'NotPossible' && one.why === 'Busy')
  t.same([busy.length, answers.length], [600 - 512, 600])
  const operations = Array.from({ length: 5_000 }, () => ({
    ...({ at: 'Pod', type: 'PutRoute', route } as const)
  }))
  await t.rejects(kernel.carryOut({ netns: pod.path, operations, budgetMs }), /5000 operations/)
  const wrong = { at: 'Pod', type: 'SetSysctl', key: 'net/../kernel/x', value: '1' } as const
  const refused = await kernel.carryOut({ netns: pod.path, operations: [wrong], budgetMs })
  t.match(refused, { type: 'NotPossible', why: 'Failed' }, 'a mistake of ours ends nothing')
  t.match(await kernel.observe({ host: {}, budgetMs }), { type: 'Observed' })
  const file = await kernel.observe({ netns: '/proc/self/status', pod: {}, budgetMs })
  t.match(file, { type: 'NotPossible', why: 'NoNamespace' }, 'a file is no namespace')
})

/** It may end meanwhile. */
function isWorker(id: string): boolean {
  try {
    return readFileSync(`/proc/self/task/${id}/comm`, 'utf8') === 'WorkerThread\n'
  } catch {
    return false
  }
}

const threads = () => readdirSync('/proc/self/task').filter(isWorker).length

t.test('orders that come one by one take one thread', async t => {
  if (!requireRoot(t, 'threads of the kernel')) return
  const before = threads()
  const kernel = createThreadKernel({ log })
  t.teardown(() => kernel.close())
  // The first one comes while the thread begins.
  for (let i = 0; i < 3; i += 1) {
    t.match(await kernel.observe({ host: {}, budgetMs }), { type: 'Observed' })
  }
  t.equal(threads(), before + 1)
})

t.test('threads that nobody needs any more end, and others begin', async t => {
  if (!requireRoot(t, 'looks at namespaces')) return
  const before = threads()
  const kernel = createThreadKernel({ log, idleMs: 50 })
  t.teardown(() => kernel.close())
  for (let i = 0; i < 2; i += 1) {
    t.match(await kernel.observe({ host: {}, budgetMs }), { type: 'Observed' })
    t.equal(threads(), before + 1)
    await eventually('no thread is left', () => threads() === before)
  }
})

t.test('a kernel that nobody asks has no thread', async t => {
  const kernel = createLateKernel({ log })
  await kernel.close()
  t.same(
    process.getActiveResourcesInfo().filter(what => /Worker|MessagePort/.test(what)),
    []
  )
})
