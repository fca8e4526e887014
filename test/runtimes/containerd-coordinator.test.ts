// containerd with macvlan, ifacer before it and the coordinator behind it: a pod reaches its node, a Service and a pod on another node, and
// is reached by its node.

import '../support/own-host.ts'

import { basename } from 'node:path'
import t from 'tap'
import { allocatedBy } from '../support/admin.ts'
import { eventually, run } from '../support/command.ts'
import { Containerd } from '../support/containerd.ts'
import { startDaemon } from '../support/daemon.ts'
import { type Pool, ipamSection, mainPlugins, plugin, poolsYaml } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { dumpOf, setSysctls, withoutDad } from '../support/underlay.ts'

const pool: Pool = {
  name: 'v4',
  subnet: '10.9.0.0/24',
  ips: ['10.9.0.100-10.9.0.150'],
  gateway: '10.9.0.1'
}
const service = '10.96.0.10'

/** As kube-proxy does: the Service's address becomes that of a backend, here the other node. */
const serviceRules = `table ip services {
  chain prerouting { type nat hook prerouting priority dstnat; ip daddr ${service} dnat to 10.9.0.12; }
  chain postrouting { type nat hook postrouting priority srcnat; ct status dnat masquerade; }
}`

const what = 'containerd with the coordinator'
const programs = ['containerd', 'ctr', 'runc', 'tar', 'nft', '/bin/busybox', plugin]
if (requireRoot(t, what) && requirePrograms(t, what, [...programs, ...mainPlugins('macvlan')])) {
  await suite()
}

async function suite(): Promise<void> {
  const host = Netns.here()
  const other = await Netns.make()
  const away = await Netns.make()
  await setSysctls(host, withoutDad)
  await host.connect('uplink', other, 'wire')
  await host.addAddress('uplink', '10.9.0.11/24')
  await setSysctls(host, { 'net.ipv4.ip_forward': 1 })
  await other.addAddress('wire', '10.9.0.12/24')
  // A pod of the other node.
  await other.ip('link', 'add', 'pod', 'link', 'wire', 'type', 'macvlan', 'mode', 'bridge')
  await other.ip('link', 'set', 'pod', 'netns', away.name ?? '')
  await away.ip('link', 'set', 'pod', 'up')
  await away.addAddress('pod', '10.9.0.200/24')
  await run('nft', [serviceRules])
  const daemon = await startDaemon({ pools: poolsYaml([pool]) })
  t.teardown(async () => {
    await daemon[Symbol.asyncDispose]()
    await Promise.all([other.remove(), away.remove()])
  })

  t.test('pod to node, node to pod, pod to Service, pod to pod on another node', async t => {
    const before = await dumpOf(host)
    const { socket, queue } = daemon
    const coordinator = { type: 'orbweaver-coordinator', socket, queue }
    const ifacer = { type: 'orbweaver-ifacer', socket, queue, interfaces: ['uplink'] }
    // No pod could start on it, if nobody set it up again.
    await host.ip('link', 'set', 'uplink', 'down')
    await using containerd = await Containerd.start(
      {
        ...{ name: 'underlay', type: 'macvlan', master: 'uplink', mode: 'bridge' },
        ipam: ipamSection(daemon, [pool])
      },
      [{ ...coordinator, serviceCIDR: ['10.96.0.0/12'] }],
      [ifacer]
    )
    const ids = await Promise.all(['a', 'b', 'c'].map(name => containerd.cri.run(name)))
    const pods = await Promise.all(ids.map(id => containerd.cri.status(id)))
    for (const { addresses, netnsPath = '' } of pods) {
      const [address = ''] = addresses
      const inside = basename(netnsPath)
      t.match(await host.ping(address), address, 'node to pod')
      t.match(await away.ping(address), address, 'pod of another node to pod')
      for (const to of ['10.9.0.11', service, '10.9.0.12', '10.9.0.200']) {
        t.match(await pingFrom(inside, to), `from ${to}`, `pod to ${to}`)
      }
    }
    await containerd.removeAllPods()
    t.same(await allocatedBy(daemon), [])
    t.equal(await dumpOf(host), before, 'nothing of them is left on the host')
  })
}

async function pingFrom(netns: string, address: string): Promise<string> {
  const command = ['netns', 'exec', netns, 'ping', '-n', '-c', '1', '-w', '5', address]
  return eventually(`${address} answers`, () => run('ip', command).catch(() => undefined), 10_000)
}
