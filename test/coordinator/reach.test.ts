// A pod with a macvlan and the coordinator behind it: it and its node reach each other, and when it is gone nothing of
// it is left on the host.

import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ChainedPod, type PluginError } from '../support/chained-pod.ts'
import { eventually } from '../support/command.ts'
import { daemonPaths } from '../support/daemon.ts'
import { mainPlugins, plugin } from '../support/ipam.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { clientAddress, dumpOf, NodeDaemon, Underlay } from '../support/underlay.ts'

const what = 'pods with a coordinator'
const journalName = /^coordination-.*\.db$/
const programs = ['ip', 'ping', 'nft', 'sysctl', plugin, ...mainPlugins('macvlan', 'ptp')]
if (requireRoot(t, what) && requirePrograms(t, what, programs)) await suite()

async function suite(): Promise<void> {
  const underlay = await Underlay.make(2)
  const [node, other] = [underlay.node(0), underlay.node(1)]
  const host = await NodeDaemon.start(node, 1)
  t.teardown(async () => {
    await host[Symbol.asyncDispose]()
    await underlay[Symbol.asyncDispose]()
  })

  t.test('pod and node, pod and other node, pod and client; and afterwards nothing', async t => {
    const before = await dumpOf(node)
    const pod = await ChainedPod.add(host, [{ ifname: 'eth0', network: 0 }])
    for (const family of [4, 6] as const) {
      const address = pod.address('eth0', family)
      t.match(await node.ping(address), address, 'the node reaches the pod')
      t.match(await other.ping(address), address, 'another node too')
      t.match(await underlay.client.ping(address), address, 'and a client beyond the router')
      t.match(await pod.netns.ping(clientAddress[family]), /bytes/, 'and back')
    }
    t.match(await pod.netns.ping('10.60.0.11'), /bytes/, 'the pod reaches its node')
    t.match(await pod.netns.ping('fd60::11'), /bytes/)
    await pod.check('eth0')
    await pod[Symbol.asyncDispose]()
    t.equal(await dumpOf(node), before)
  })

  t.test('an ADD that is repeated changes nothing (G12)', async t => {
    await using pod = await ChainedPod.add(host, [
      { ifname: 'eth0', network: 0 },
      { ifname: 'net1', network: 1 }
    ])
    const both = async () => (await dumpOf(node)) + (await dumpOf(pod.netns))
    const before = await both()
    for (const ifname of ['eth0', 'net1', 'eth0']) {
      await pod.coordinate(ifname)
      await pod.check(ifname)
      t.equal(await both(), before, ifname)
    }
  })

  t.test('a step that fails is taken back with those before it, and named', async t => {
    const pod = await ChainedPod.add(host, [{ ifname: 'eth0', network: 0, coordinator: false }])
    const both = async () => (await dumpOf(node)) + (await dumpOf(pod.netns))
    const before = await both()
    // A multicast address is nobody's next hop, which only the kernel says.
    const policyRoutes = [{ dst: '10.99.0.0/16', gw: '224.0.0.1' }]
    await t.rejects(pod.coordinate('eth0', { policyRoutes }), {
      code: 130,
      message: /taken back.*10\.99\.0\.0\/16/
    })
    t.equal(await both(), before)
    await pod.coordinate('eth0')
    await pod.check('eth0')
    await pod.uncoordinate('eth0')
    await pod[Symbol.asyncDispose]()
  })

  t.test('a journal that somebody has removed or spoilt is made anew', async t => {
    const { stateDir } = daemonPaths(host.daemon.dir)
    const journals = () => readdirSync(stateDir).filter(name => journalName.test(name))
    const harms = {
      removed: async (path: string) => rmSync(path),
      spoilt: async (path: string) => {
        await host.daemon.stop()
        writeFileSync(path, 'x'.repeat(64 * 1_024))
        await host.restart('stop')
      }
    }
    for (const [how, harm] of Object.entries(harms)) {
      const pod = await ChainedPod.add(host, [{ ifname: 'eth0', network: 0, coordinator: false }])
      await harm(join(stateDir, journals()[0] ?? ''))
      await eventually(`the coordinator works: ${how}`, () =>
        pod.coordinate('eth0').then(
          () => true,
          () => false
        )
      )
      t.match(await node.ping(pod.address('eth0', 4)), /bytes/, how)
      t.equal(journals().length, 1)
      await pod.uncoordinate('eth0')
      await pod[Symbol.asyncDispose]()
    }
  })

  t.test('DEL without the namespace, the result, or the daemon (G13)', async t => {
    const before = await dumpOf(node)
    await using pod = await ChainedPod.add(host, [{ ifname: 'eth0', network: 0 }])
    await pod.uncoordinate('eth0', { netns: '', isBare: true })
    t.equal(await dumpOf(node), before, 'no namespace')
    await pod.uncoordinate('eth0')
    await t.rejects(pod.check('eth0'), { code: 3 })
    await pod.coordinate('eth0')
    t.not(await dumpOf(node), before)
    await host.daemon.stop()
    await pod.uncoordinate('eth0', { netns: '', isBare: true })
    await host.restart('stop')
    t.equal(await dumpOf(node), before, 'the daemon was away')
  })

  t.test('CHECK names what is damaged, and an ADD mends it', async t => {
    await using pod = await ChainedPod.add(host, [{ ifname: 'eth0', network: 0 }])
    const address = pod.address('eth0', 4)
    await node.ip('route', 'delete', address, 'table', '500')
    await pod.netns.ip('rule', 'delete', 'priority', '1000')
    await pod.netns.exec('nft', 'delete', 'table', 'inet', 'orbweaver')
    const error = await pod.check('eth0').catch((error: unknown) => error as PluginError)
    t.match(error, { code: 131 })
    t.match(String(error), new RegExp(`on the host: route ${address}/32 dev veth\\w+ in table 500`))
    t.match(String(error), /in the pod: IPv4 rule 1000 from all fwmark 0x1 lookup 100 is missing/)
    t.match(String(error), /nftables/)
    await pod.coordinate('eth0')
    await pod.check('eth0')
    t.match(await node.ping(address), /bytes/)
  })
}
