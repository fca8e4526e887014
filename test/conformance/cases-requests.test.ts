// Conformance 19-24: addresses that somebody asks for, pools that run out, and what runtimes offer.

import t from 'tap'
import { poolsOf } from '../support/admin.ts'
import type { Json, JsonObject } from './netconf.ts'
import { fiveIpv4, fiveIpv6 } from './pools.ts'
import type { Attachment } from './runtime.ts'
import { codeOf, failureFrom } from './verdict.ts'
import { conformance, type ListOptions, type World } from './world.ts'

/** One way to ask for addresses: what it changes in the attachment and in the list. */
interface Channel {
  readonly pod?: Partial<Attachment>
  readonly list?: ListOptions
}

const cniArgs = (ip: string): Channel => ({ pod: { args: `IgnoreUnknown=1;IP=${ip}` } })
const confArgs = (...ips: string[]): Channel => ({ list: { entry: { args: { cni: { ips } } } } })
const runtimeConfig = (...ips: string[]): Channel => ({
  pod: { capabilityArgs: { ips } },
  list: { entry: { capabilities: { ips: true } } }
})

function merged(...channels: readonly Channel[]): Channel {
  const entry: JsonObject = Object.assign({}, ...channels.map(({ list }) => list?.entry))
  return { pod: Object.assign({}, ...channels.map(({ pod }) => pod)), list: { entry } }
}

async function ask(w: World, { pod, list }: Channel): Promise<readonly string[]> {
  return w.add(w.pod(pod), list)
}

const both = [fiveIpv4, fiveIpv6]

// The rows want the same addresses again, at once.
const unrested = { config: { cooldown: { seconds: 0, scarceSeconds: 0 } } }
conformance('case 19: a requested address is given', unrested, async (w, t) => {
  const rows: readonly [Channel, readonly string[]][] = [
    [cniArgs('10.9.0.4'), ['10.9.0.4']],
    [cniArgs('10.9.0.4/24'), ['10.9.0.4']],
    [cniArgs('10.9.0.4,10.9.0.6'), ['10.9.0.4', '10.9.0.6']],
    [confArgs('10.9.0.5'), ['10.9.0.5']],
    [confArgs('10.9.0.5/24'), ['10.9.0.5']],
    [runtimeConfig('10.9.0.6'), ['10.9.0.6']],
    [runtimeConfig('10.9.0.6/24'), ['10.9.0.6']],
    [runtimeConfig('10.9.0.2', '10.9.0.3'), ['10.9.0.2', '10.9.0.3']]
  ]
  for (const [channel, expected] of rows) {
    const pod = w.pod(channel.pod)
    const { ips } = await w.runtime.add(w.list(channel.list), pod)
    t.same(
      ips?.map(({ address }) => address),
      expected.map(address => `${address}/24`)
    )
    await w.del(pod, channel.list)
    t.same(await w.addressesHeld(), [])
  }
  return 0
})

conformance('case 19: a requested IPv6 address is given', { pools: both }, async (w, t) => {
  // A family that nobody asked for gets its next free address all the same.
  t.same((await ask(w, runtimeConfig('fd09::4'))).toSorted(), ['10.9.0.2', 'fd09::4'])
  t.same((await ask(w, confArgs('FD09:0:0::5/64'))).toSorted(), ['10.9.0.3', 'fd09::5'])
  t.same((await ask(w, cniArgs('fd09::6'))).toSorted(), ['10.9.0.4', 'fd09::6'])
  t.same((await ask(w, cniArgs('10.9.0.6,fd09::3'))).toSorted(), ['10.9.0.6', 'fd09::3'])
  return 4
})

conformance('case 20: of several requests the highest one counts alone', {}, async (w, t) => {
  const [args, conf, config] = [
    cniArgs('10.9.0.4'),
    confArgs('10.9.0.5'),
    runtimeConfig('10.9.0.6')
  ]
  t.same(await ask(w, merged(args, conf, config)), ['10.9.0.6'])
  t.same(await ask(w, merged(args, conf)), ['10.9.0.5'])
  t.same(await ask(w, merged(cniArgs('10.9.0.3'), runtimeConfig('10.9.0.2'))), ['10.9.0.2'])
  t.equal((await w.addressesHeld()).length, 3, 'and the other addresses are not taken')
  return 3
})

conformance('case 21: a request that cannot be met is refused', {}, async (w, t) => {
  await ask(w, runtimeConfig('10.9.0.4'))
  const rows: readonly [why: string, ip: string, codes: readonly number[]][] = [
    ['taken', '10.9.0.4', [101]],
    ['the gateway', '10.9.0.1', [102]],
    ['network and broadcast', '10.9.0.0', [102]],
    ['network and broadcast', '10.9.0.255', [102]],
    ['in the subnet but outside the pool', '10.9.0.7', [102]],
    ['far away', '192.0.2.1', [102]],
    ['a family that no pool has', 'fd09::2', [102]],
    ['junk', 'banana', [2, 4, 7]],
    ['junk', '10.9.0', [2, 4, 7]],
    ['junk', '10.9.0.5/64', [2, 4, 7]],
    ['junk', '10.9.0.005', [2, 4, 7]]
  ]
  for (const [why, ip, codes] of rows) {
    for (const channel of [cniArgs(ip), confArgs(ip), runtimeConfig(ip)]) {
      const { code, message } = await failureFrom(ask(w, channel))
      t.ok(codes.includes(code), `${why}: ${ip} is code ${code}: ${message}`)
      t.match(message, ip, 'and the text names it')
    }
  }
  for (const ips of [7, '10.9.0.5', [7], [null], {}] as Json[]) {
    const { code } = await failureFrom(
      w.add(w.pod({ capabilityArgs: { ips } }), { entry: { capabilities: { ips: true } } })
    )
    t.ok([2, 6, 7].includes(code), `ips ${JSON.stringify(ips)} is code ${code}`)
  }
  t.same(await w.addressesHeld(), ['10.9.0.4'])
  return 1
})

conformance('case 22: of two requests both are met or none', { pools: both }, async (w, t) => {
  await ask(w, runtimeConfig('10.9.0.4', 'fd09::4'))
  const rows = [
    [['10.9.0.5', '10.9.0.4'], 101],
    [['10.9.0.4', '10.9.0.5'], 101],
    [['10.9.0.5', 'fd09::4'], 101],
    [['10.9.0.5', '10.9.0.99'], 102],
    [['10.9.0.5', 'fd09::99'], 102]
  ] as const
  for (const [ips, expected] of rows) {
    const { code, message } = await failureFrom(ask(w, runtimeConfig(...ips)))
    t.equal(code, expected, message)
    t.same((await w.addressesHeld()).toSorted(), ['10.9.0.4', 'fd09::4'], 'nothing is left behind')
  }
  t.same(await ask(w, runtimeConfig('10.9.0.5', 'fd09::5')), ['10.9.0.5', 'fd09::5'])
  return 2
})

const noIpv6Left = [fiveIpv4, { ...fiveIpv6, ips: ['fd09::2'] }]
conformance(
  'case 51: a family without addresses takes none of the other',
  { pools: noIpv6Left },
  async (w, t) => {
    t.same(await w.add(w.pod()), ['10.9.0.2', 'fd09::2'])
    for (let i = 0; i < 3; i += 1) {
      const { code, message } = await failureFrom(w.add(w.pod()))
      t.equal(code, 110)
      t.match(message, 'v6', 'the text names the pool that is used up')
      t.same(await w.addressesHeld(), ['10.9.0.2', 'fd09::2'])
    }
    const used = (await poolsOf(w.daemon)).map(({ name, used, cooling }) => [
      name,
      Number(used),
      Number(cooling)
    ])
    t.same(
      used,
      [
        ['v4', 1, 0],
        ['v6', 1, 0]
      ],
      'nobody was told, so nothing has to cool down'
    )
    return 1
  }
)

// A /29 has six addresses that interfaces may bear; one of them is the gateway.
const whole = {
  name: 'v4',
  subnet: '10.9.0.0/29',
  ips: ['10.9.0.0-10.9.0.7'],
  excludeIPs: ['10.9.0.1'],
  gateway: '10.9.0.1',
  default: true
}
const soon = { cooldown: { seconds: 30, scarceSeconds: 0.3 } }
conformance(
  'case 23: a pool runs out and recovers',
  { pools: [whole], config: soon },
  async (w, t) => {
    const pods = Array.from({ length: 5 }, () => w.pod())
    const told = []
    for (const pod of pods) told.push(...(await w.add(pod)))
    t.same(told.toSorted(), ['10.9.0.2', '10.9.0.3', '10.9.0.4', '10.9.0.5', '10.9.0.6'])
    const late = w.pod()
    const failure = await failureFrom(w.add(late))
    t.equal(failure.code, 110)
    t.match(failure.message, 'v4', 'the text names the pool')
    const [first] = pods
    if (first !== undefined) await w.del(first)
    t.same(await w.add(late), ['10.9.0.2'])
    t.equal((await failureFrom(w.add(w.pod()))).code, 110)
    return 5
  }
)

const slow = { cooldown: { seconds: 30, scarceSeconds: 30 } }
const impatient = { config: slow, ipam: { answer_timeout_seconds: 2.5 } }
conformance('case 23: only cooling addresses: wait, then code 11', impatient, async (w, t) => {
  const pods = Array.from({ length: 5 }, () => w.pod())
  for (const pod of pods) await w.add(pod)
  const [first, second] = pods
  if (first === undefined || second === undefined) throw new Error('there are five')
  await w.del(first)
  const began = performance.now()
  t.equal((await failureFrom(w.add(w.pod()))).code, 11)
  t.ok(performance.now() - began < 10_000, 'within the patience of the plugin')
  t.equal((await w.held()).length, 4)
  return 4
})

const orphaned = { config: slow, ipam: { answer_timeout_seconds: 10 } }
conformance(
  'case 23: the address of a dead namespace may serve at once',
  orphaned,
  async (w, t) => {
    const namespace = await w.namespace()
    const dying = w.pod({ netns: namespace.path })
    const [address] = await w.add(dying)
    for (let i = 0; i < 4; i += 1) await w.add(w.pod())
    await namespace.remove()
    await w.del(dying)
    const pod = w.pod()
    const { code, stdout } = await w.exec('ADD', pod)
    if (code === 0) t.match(stdout.toString(), String(address))
    // Whether a daemon can be sure of it depends on what it may see; then it must wait like for any other.
    else t.equal(codeOf({ code, stdout }), 11)
    return code === 0 ? 5 : 4
  }
)

conformance(
  'case 24: what containerd and CRI-O offer is taken in any spelling',
  {},
  async (w, t) => {
    const offers: JsonObject = {
      dns: { Servers: ['10.0.0.53'], Searches: null, Options: null },
      bandwidth: {
        IngressRate: 1_000_000,
        IngressBurst: 4_294_967_295,
        EgressRate: 1_000_000,
        EgressBurst: 4_294_967_295
      },
      portMappings: [{ HostPort: 8080, ContainerPort: 80, Protocol: 'tcp', HostIP: '' }],
      'io.kubernetes.cri.pod-annotations': null,
      cgroupPath: '/kubepods/pod1',
      aliases: ['web']
    }
    const lower = {
      ...offers,
      dns: { servers: ['10.0.0.53'], searches: [], options: [] },
      bandwidth: { ingressRate: 1_000_000, ingressBurst: 4_294_967_295 },
      portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '' }],
      'io.kubernetes.cri.pod-annotations': { 'example.com/note': 'a text, <&> and ü' }
    }
    const capabilities = Object.fromEntries([...Object.keys(offers), 'ips'].map(key => [key, true]))
    for (const capabilityArgs of [offers, lower, { IPs: ['10.9.0.5'] }, { dns: null }]) {
      const wanted = Object.fromEntries(Object.keys(capabilityArgs).map(key => [key, true]))
      const entry = { capabilities: { ...capabilities, ...wanted } }
      await w.add(w.pod({ capabilityArgs }), { entry })
    }
    t.ok((await w.addressesHeld()).includes('10.9.0.5'), 'IPs means ips')
    const spelt = JSON.parse(w.stdin({ entry: { RuntimeConfig: { Ips: ['10.9.0.6'] } } }))
    const pod = w.pod()
    t.equal(codeOf(await w.exec('ADD', pod, { stdin: JSON.stringify(spelt) })), 0)
    t.same(await w.addressesHeld(pod), ['10.9.0.6'], 'RuntimeConfig means runtimeConfig')
    return 5
  }
)

t.setTimeout(300_000)
