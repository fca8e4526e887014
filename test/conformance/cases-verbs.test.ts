// Conformance 1-14: every verb, every version, the ordinary ways to use them.

import t from 'tap'
import { fiveIpv4, fiveIpv6 } from './pools.ts'
import { isLegacy, plainAddresses, routesIn } from './result.ts'
import { codeOf, failureFrom } from './verdict.ts'
import { byShell, conformance, versions } from './world.ts'

/** "CRI-O runs CHECK right after every ADD", so it has to be quick. */
const checkMsMax = 200

conformance('case 1: VERSION needs neither stdin nor any other variable', {}, async (w, t) => {
  const env = { CNI_COMMAND: 'VERSION' }
  const answers = [
    await w.exec('VERSION', w.pod(), { env, stdin: '' }),
    await w.exec('VERSION', w.pod(), { env, stdin: '{"cniVersion":"0.4.0"}' }),
    await w.exec('VERSION', w.pod(), { env, stdin: 'no json' }),
    await byShell('exec "$0" <&-', { env })
  ]
  for (const { code, stdout } of answers) {
    t.equal(code, 0)
    const { cniVersion, supportedVersions } = JSON.parse(stdout.toString())
    t.type(cniVersion, 'string')
    t.not(cniVersion, '')
    t.same(supportedVersions, versions)
  }
  t.same((await w.runtime.version('orbweaver')).supportedVersions, versions)
  return 0
})

const manyIpv4 = { ...fiveIpv4, ips: ['10.9.0.2-10.9.0.9'] }
conformance(
  'case 2: ADD answers in the shape of each version',
  { pools: [manyIpv4] },
  async (w, t) => {
    for (const [i, cniVersion] of versions.entries()) {
      const result = await w.runtime.add(w.list({ cniVersion }), w.pod())
      const address = `10.9.0.${2 + i}/24`
      t.equal(result.cniVersion, cniVersion)
      t.notOk('interfaces' in result, 'an IPAM result has no interfaces')
      t.same(
        routesIn(result).map(({ dst, gw }) => [dst, gw ?? '10.9.0.1']),
        [['0.0.0.0/0', '10.9.0.1']]
      )
      if (isLegacy(cniVersion)) {
        t.match(result.ip4, { ip: address, gateway: '10.9.0.1' })
        t.notOk('ips' in result || 'ip6' in result || 'routes' in result)
        continue
      }
      const ip = { address, gateway: '10.9.0.1' }
      t.same(result.ips, [cniVersion < '1' ? { version: '4', ...ip } : ip])
      t.notOk('ip4' in result)
    }
    return versions.length
  }
)

const both = { pools: [fiveIpv4, fiveIpv6] }
conformance('case 3: dual stack has both families in a stable order', both, async (w, t) => {
  for (const [i, cniVersion] of ['0.4.0', '1.0.0', '0.4.0', '1.0.0'].entries()) {
    const { ips } = await w.runtime.add(w.list({ cniVersion }), w.pod())
    t.same(
      ips?.map(({ address }) => address),
      [`10.9.0.${2 + i}/24`, `fd09::${2 + i}/64`]
    )
    t.same(
      ips?.map(({ version }) => version),
      cniVersion === '0.4.0' ? ['4', '6'] : [undefined, undefined]
    )
  }
  return 4
})

conformance('case 4: a configuration without a version gets the oldest shape', {}, async (w, t) => {
  const result = await w.runtime.add(w.list({ cniVersion: null }), w.pod())
  t.match(result.cniVersion, /^0\.[12]\.0$/)
  t.match(result.ip4, { ip: '10.9.0.2/24', gateway: '10.9.0.1' })
  // Without the member, not only with an empty one as libcni sends it.
  const { name, ...rest } = JSON.parse(w.stdin({ cniVersion: null }))
  delete rest.cniVersion
  const bare = await w.exec('ADD', w.pod(), { stdin: JSON.stringify({ name, ...rest }) })
  t.match(JSON.parse(bare.stdout.toString()), { ip4: { ip: '10.9.0.3/24' } })
  return 2
})

// The same two addresses are asked for again, at once.
const unrested = { config: { cooldown: { seconds: 0, scarceSeconds: 0 } } }
conformance(
  'case 5: two addresses of a family do not fit the oldest shape',
  unrested,
  async (w, t) => {
    const capabilityArgs = { ips: ['10.9.0.4', '10.9.0.5'] }
    const entry = { capabilities: { ips: true } }
    for (const cniVersion of ['0.1.0', '0.2.0']) {
      const list = w.list({ cniVersion, entry })
      const failure = await failureFrom(w.runtime.add(list, w.pod({ capabilityArgs })))
      t.ok([1, 7].includes(failure.code), `code ${failure.code}`)
      t.match(failure.message, cniVersion)
    }
    t.same(await w.addressesHeld(), [])
    for (const cniVersion of ['0.3.0', '1.1.0']) {
      const pod = w.pod({ capabilityArgs })
      t.same(await w.add(pod, { cniVersion, entry }), capabilityArgs.ips)
      await w.del(pod, { cniVersion, entry })
    }
    return 0
  }
)

// 0.4 s: the least cool-down, and so the longest that the fifth ADD below has to wait.
const cooling = { config: { cooldown: { seconds: 30, scarceSeconds: 0.4 } } }
conformance('case 6: a released address serves again, and last of all', cooling, async (w, t) => {
  const first = w.pod()
  const [released] = await w.add(first)
  await w.del(first)
  t.same(await w.addressesHeld(), [])
  const others = []
  for (let i = 0; i < 4; i += 1) others.push(...(await w.add(w.pod())))
  t.notOk(others.includes(String(released)), 'not while others are free')
  t.same(await w.add(w.pod()), [released])
  return 5
})

conformance('case 7: DEL of what is not there is a silent success', {}, async (w, t) => {
  const pod = w.pod()
  await w.del(w.pod({ containerId: 'never-added' }))
  await w.add(pod)
  for (let i = 0; i < 3; i += 1) {
    const { code, stdout, stderr } = await w.exec('DEL', pod)
    t.same([code, stdout.toString(), stderr], [0, '', ''])
  }
  return 0
})

conformance('case 8: DEL needs neither namespace nor result', {}, async (w, t) => {
  const forgotten = w.pod()
  await w.add(forgotten)
  await w.del({ ...forgotten, netns: '' })
  t.same(await w.addressesHeld(forgotten), [], 'CNI_NETNS is empty')

  const namespace = await w.namespace()
  const gone = w.pod({ netns: namespace.path })
  await w.add(gone)
  await namespace.remove()
  await w.del(gone)
  t.same(await w.addressesHeld(gone), [], 'the path is gone')

  const uncached = w.pod()
  await w.add(uncached)
  w.runtime.cache.drop('net-a', uncached)
  await w.del(uncached)
  t.same(await w.addressesHeld(uncached), [], 'no prevResult')

  const old = w.pod()
  await w.add(old, { cniVersion: '0.3.1' })
  await w.del(old, { cniVersion: '0.3.1' })
  t.same(await w.addressesHeld(old), [], 'a version without prevResult')

  const upgraded = w.pod()
  await w.add(upgraded, { cniVersion: '0.3.1' })
  await w.del(upgraded, { cniVersion: '1.1.0', ipam: { default_ipv4_ippool: ['no-such-pool'] } })
  t.same(await w.addressesHeld(upgraded), [], 'the configuration has changed since')
  return 0
})

const twoPools = [
  fiveIpv4,
  { name: 'other', subnet: '10.8.0.0/24', ips: ['10.8.0.2-10.8.0.6'], gateway: '10.8.0.1' }
]
conformance('case 9: the same ADD again has the same answer', { pools: twoPools }, async (w, t) => {
  const pod = w.pod()
  const told = await w.runtime.add(w.list(), pod)
  t.same(await w.runtime.add(w.list(), pod), told)
  t.same(plainAddresses(await w.runtime.add(w.list({ cniVersion: '0.4.0' }), pod)), ['10.9.0.2'])
  const demands = [
    { ipam: { default_ipv4_ippool: ['other'] } },
    { entry: { args: { cni: { ips: ['10.9.0.5'] } } } }
  ]
  for (const demand of demands) {
    const failure = await failureFrom(w.add(pod, demand))
    t.equal(failure.code, 7, failure.message)
  }
  t.same(await w.addressesHeld(), ['10.9.0.2'])
  return 1
})

conformance('case 10: two interfaces of one container are two attachments', {}, async (w, t) => {
  const eth0 = w.pod()
  const net1 = { ...eth0, ifname: 'net1' }
  t.same(await w.add(eth0), ['10.9.0.2'])
  t.same(await w.add(net1), ['10.9.0.3'])
  await w.del(net1)
  t.same(await w.addressesHeld(), ['10.9.0.2'])
  return 1
})

conformance('case 11: CHECK knows what is there and what is not', {}, async (w, t) => {
  const durations = []
  for (let i = 0; i < 4; i += 1) {
    const pod = w.pod()
    await w.add(pod)
    const began = performance.now()
    await w.runtime.check(w.list(), pod)
    durations.push(performance.now() - began)
  }
  // The others may meet a busy machine.
  const quickest = Math.min(...durations)
  t.ok(quickest < checkMsMax, `${quickest.toFixed(0)} ms`)

  const released = w.pod()
  await w.add(released)
  await w.exec('DEL', released)
  t.ok(
    (await failureFrom(w.runtime.check(w.list(), released))).code > 0,
    'released behind its back'
  )
  const prevResult = { cniVersion: '1.0.0', ips: [{ address: '10.9.0.2/24' }] }
  const stdin = w.stdin({}, { prevResult })
  t.ok(codeOf(await w.exec('CHECK', w.pod(), { stdin })), 'another container')

  const pod = { ...released, containerId: 'sandbox-1' }
  const strange = { cniVersion: '1.0.0', ips: [{ address: '10.9.0.77/24' }] }
  const refused = await w.exec('CHECK', pod, { stdin: w.stdin({}, { prevResult: strange }) })
  t.ok(codeOf(refused), 'the result does not have its address')
  return 4
})

conformance('case 12: CHECK overlooks what later plugins have added', {}, async (w, t) => {
  const pod = w.pod()
  const result = await w.runtime.add(w.list(), pod)
  const interfaces = [
    { name: 'eth0', mac: '02:00:00:00:00:01', sandbox: pod.netns },
    { name: 'veth1', mac: '02:00:00:00:00:02' }
  ]
  const ours = result.ips?.map(ip => ({ ...ip, interface: 0 })) ?? []
  const prevResult = {
    ...result,
    interfaces,
    ips: [
      { address: '192.0.2.7/32', interface: 1 },
      ...ours,
      { address: 'fe80::7/64', interface: 0 }
    ],
    routes: [{ dst: '198.51.100.0/24', gw: '10.9.0.1' }]
  }
  const stdin = w.stdin({}, { prevResult: JSON.parse(JSON.stringify(prevResult)) })
  const { code, stdout } = await w.exec('CHECK', pod, { stdin })
  t.same([code, stdout.toString()], [0, ''])
  return 1
})

conformance('case 13: a verb that the version does not have is code 1', {}, async (w, t) => {
  const pod = w.pod()
  await w.add(pod, { cniVersion: '0.3.1' })
  const prevResult = { cniVersion: '0.3.1', ips: [{ version: '4', address: '10.9.0.2/24' }] }
  for (const cniVersion of versions) {
    if (cniVersion < '0.4.0') {
      const stdin = w.stdin({ cniVersion }, { prevResult })
      t.equal(codeOf(await w.exec('CHECK', pod, { stdin })), 1, `CHECK with ${cniVersion}`)
    }
    if (cniVersion < '1.1.0') {
      const more = { 'cni.dev/valid-attachments': [] }
      const stdin = w.stdin({ cniVersion }, { more })
      t.equal(codeOf(await w.exec('GC', pod, { stdin })), 1, `GC with ${cniVersion}`)
      t.equal(
        codeOf(await w.exec('STATUS', pod, { list: { cniVersion } })),
        1,
        `STATUS, ${cniVersion}`
      )
    }
  }
  return 1
})

conformance('case 14: CHECK without a result is code 7', {}, async (w, t) => {
  const pod = w.pod()
  await w.add(pod)
  w.runtime.cache.drop('net-a', pod)
  for (const cniVersion of ['0.4.0', '1.0.0', '1.1.0']) {
    t.equal((await failureFrom(w.runtime.check(w.list({ cniVersion }), pod))).code, 7)
  }
  return 1
})

t.setTimeout(300_000)
