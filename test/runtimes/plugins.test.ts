import '../support/own-host.ts'

import t, { type Test } from 'tap'
import { allocatedBy } from '../support/admin.ts'
import { eventually } from '../support/command.ts'
import { type Daemon, startDaemon } from '../support/daemon.ts'
import { type Pool, ipamSection, mainPlugins, plugin, poolsYaml } from '../support/ipam.ts'
import { type NetworkConfiguration, Pod, invoke } from '../support/main-plugin.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const v4: Pool = {
  name: 'v4',
  subnet: '10.9.0.0/24',
  ips: ['10.9.0.2-10.9.0.250'],
  gateway: '10.9.0.1'
}
const v6: Pool = { name: 'v6', subnet: 'fd09::/64', ips: ['fd09::2-fd09::ffff'] }
/** With a gateway, macvlan waits until the kernel has finished duplicate address detection. */
const v6gateway: Pool = {
  name: 'v6-gateway',
  subnet: 'fd0a::/64',
  ips: ['fd0a::2-fd0a::ffff'],
  gateway: 'fd0a::1'
}
const types = ['macvlan', 'bridge', 'ptp'] as const

const what = "Debian's main plugins with our IPAM"
const programs = ['ip', 'ping', plugin, ...mainPlugins(...types)]
if (requireRoot(t, what) && requirePrograms(t, what, programs)) await suite()

async function suite(): Promise<void> {
  const host = Netns.here()
  const router = await Netns.make()
  await host.connect('uplink', router, 'wire')
  for (const address of ['10.9.0.1/24', 'fd09::1/64', 'fd0a::1/64']) {
    await router.addAddress('wire', address)
  }
  const daemon = await startDaemon({ pools: poolsYaml([v4, v6, v6gateway]) })
  t.teardown(async () => {
    await daemon[Symbol.asyncDispose]()
    await router.remove()
  })

  /** Whatever a scenario does, afterwards nothing is allocated and the host has its own links only. */
  function scenario(name: string, play: (t: Test) => Promise<void>): void {
    void t.test(name, async t => {
      await play(t)
      t.same(await allocatedBy(daemon), [], 'nothing is allocated')
      const left = (await host.links()).map(link => link.name).filter(name => name !== bridge)
      t.same(left, ['lo', 'uplink'], 'no link is left on the host')
    })
  }

  scenario('macvlan: two pods and the router reach each other', async t => {
    const network = networkOf('macvlan', daemon, [v4])
    await using a = await Pod.add(network)
    await using b = await Pod.add(network)

    t.match(a.addresses, [/^10\.9\.0\.\d+\/24$/])
    t.not(a.address(4), b.address(4))
    t.same((await allocatedBy(daemon)).toSorted(), [a.address(4), b.address(4)].toSorted())
    t.equal(await defaultGateway(a, 4), '10.9.0.1')
    t.comment(await a.netns.ping(b.address(4)))
    t.comment(await b.netns.ping('10.9.0.1'))
    t.comment(await router.ping(a.address(4)))
  })

  scenario('macvlan, dual stack without an IPv6 gateway', async t => {
    const network = networkOf('macvlan', daemon, [v4, v6])
    await using a = await Pod.add(network)
    await using b = await Pod.add(network)

    t.match(a.addresses, [/^10\.9\.0\.\d+\/24$/, /^fd09::[0-9a-f]+\/64$/])
    t.equal(await defaultGateway(a, 4), '10.9.0.1')
    t.equal(await defaultGateway(a, 6), undefined)
    t.comment(await a.netns.ping(b.address(4)))
    t.comment(await pingOnceUsable(t, a, b.address(6)))
  })

  scenario('macvlan, dual stack with an IPv6 gateway', async t => {
    await using pod = await Pod.add(networkOf('macvlan', daemon, [v4, v6gateway]))

    t.equal(await defaultGateway(pod, 4), '10.9.0.1')
    t.equal(await defaultGateway(pod, 6), 'fd0a::1')
    t.comment(await pod.netns.ping('fd0a::1'))
  })

  scenario('bridge, dual stack', async t => {
    const network = networkOf('bridge', daemon, [v4, v6gateway])
    await using a = await Pod.add(network)
    await using b = await Pod.add(network)

    t.equal(await defaultGateway(a, 4), '10.9.0.1')
    t.equal(await defaultGateway(a, 6), 'fd0a::1')
    t.comment(await a.netns.ping(b.address(4)))
    t.comment(await pingOnceUsable(t, a, b.address(6)))
    t.comment(await a.netns.ping('10.9.0.1'))
  })

  scenario('ptp: the pods reach each other through the host', async t => {
    const network = networkOf('ptp', daemon, [v4])
    await using a = await Pod.add(network)
    await using b = await Pod.add(network)

    t.equal(await defaultGateway(a, 4), '10.9.0.1')
    t.comment(await a.netns.ping(b.address(4)))
  })

  scenario('every version of the specification that macvlan speaks', async t => {
    for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0']) {
      await using pod = await Pod.add({ ...networkOf('macvlan', daemon, [v4, v6]), cniVersion })
      t.match(pod.addresses, [/^10\.9\.0\.\d+\/24$/, /^fd09::[0-9a-f]+\/64$/], cniVersion)
    }
  })

  scenario('the runtime asks for an address', async t => {
    const network = networkOf('macvlan', daemon, [v4])
    await using netns = await Netns.make()
    const { containerId, netnsPath } = new Pod(network, netns)
    const pod = { containerId, netnsPath, args: 'IgnoreUnknown=1;IP=10.9.0.77' }
    t.match(await invoke('ADD', network, pod), { ips: [{ address: '10.9.0.77/24' }] })
    await invoke('DEL', network, pod)
  })

  scenario('CHECK agrees while the attachment is there', async t => {
    await using pod = await Pod.add(networkOf('macvlan', daemon, [v4, v6]))
    const network = { ...pod.network, prevResult: pod.result }
    await invoke('CHECK', network, pod)
    await invoke('DEL', network, pod)
    t.comment(await refusal(invoke('CHECK', network, pod)))
  })

  for (const type of types) {
    scenario(`${type}: DEL without a namespace, and after it has gone`, async t => {
      const network = networkOf(type, daemon, [v4])
      await using nameless = await Pod.add(network)
      await invoke('DEL', network, { containerId: nameless.containerId, netnsPath: '' })
      await using bereft = await Pod.add(network)
      await bereft.netns.remove()
      await invoke('DEL', network, bereft)
      await invoke('DEL', network, bereft)
      t.same(await allocatedBy(daemon), [])
    })

    scenario(`${type}: eth0 is there already`, async t => {
      await using netns = await Netns.make()
      await netns.addBridge('eth0')
      await failToAdd(t, new Pod(networkOf(type, daemon, [v4]), netns))
    })
  }

  scenario('macvlan: the master does not exist', async t => {
    const network = { ...networkOf('macvlan', daemon, [v4]), master: 'nowhere' }
    await using netns = await Netns.make()
    t.comment(await refusal(invoke('ADD', network, new Pod(network, netns))))
  })

  // This fails after our plugin has given an address, and so does ptp where eth0 is there already.
  for (const type of ['macvlan', 'bridge'] as const) {
    scenario(`${type}: the kernel refuses the default route`, async t => {
      await using netns = await Netns.make()
      await netns.ip('route', 'add', 'unreachable', '10.9.0.1', 'scope', 'host')
      await failToAdd(t, new Pod(networkOf(type, daemon, [v4]), netns))
    })
  }

  async function failToAdd(t: Test, pod: Pod): Promise<void> {
    try {
      t.comment(await refusal(invoke('ADD', pod.network, pod)))
    } finally {
      await invoke('DEL', pod.network, pod)
    }
  }
}

const bridge = 'pods'

function networkOf(
  type: (typeof types)[number],
  daemon: Daemon,
  pools: readonly Pool[]
): NetworkConfiguration {
  const ipam = ipamSection(daemon, pools)
  const common = { cniVersion: '1.0.0', name: `with-${type}`, type, ipam }
  if (type === 'macvlan') return { ...common, master: 'uplink', mode: 'bridge' }
  if (type === 'bridge') return { ...common, bridge, isGateway: true }
  return common
}

async function defaultGateway(pod: Pod, family: 4 | 6): Promise<string | undefined> {
  const routes = await pod.netns.routes(family)
  return routes.find(({ to }) => to === 'default')?.via
}

/** The kernel looks for duplicates of an IPv6 address for a second or two before it may be used. */
async function pingOnceUsable(t: Test, pod: Pod, address: string): Promise<string> {
  const began = Date.now()
  const line = await eventually(`${address} answers`, () =>
    pod.netns.ping(address).catch(() => undefined)
  )
  t.comment(`${address} was usable after ${Date.now() - began} ms`)
  return line
}

/** The error of something that has to fail. */
async function refusal(attempted: Promise<unknown>): Promise<string> {
  try {
    await attempted
  } catch (error) {
    return String(error)
  }
  throw new Error('that should have failed')
}
