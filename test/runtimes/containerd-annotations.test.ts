// containerd tells the annotations of its pods, and pods get what they name; two nodes of a mesh, each with a
// containerd of its own on one segment, and a squatter on it.

import '../support/own-host.ts'

import { mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeClusterKey } from '../../src/mesh/cluster-key.ts'
import { allocatedBy, attachmentsOf } from '../support/admin.ts'
import { blocksOf } from '../support/cluster-admin.ts'
import { eventually } from '../support/command.ts'
import { Containerd } from '../support/containerd.ts'
import type { SandboxStatus } from '../support/cri.ts'
import { type Daemon, startDaemon } from '../support/daemon.ts'
import { ipamSection, mainPlugins, plugin, type Pool, poolsYaml } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const blue: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: ['10.9.0.2-10.9.0.20'] }
const green: Pool = { name: 'green', subnet: '10.8.0.0/24', ips: ['10.8.0.2-10.8.0.20'] }
const taken: Pool = { name: 'taken', subnet: '10.7.0.0/24', ips: ['10.7.0.2-10.7.0.3'] }
const pools = [blue, green, taken]
const key = (name: string) => `ipam.spidernet.io/${name}`

const what = 'containerd with annotations'
const programs = ['containerd', 'ctr', 'runc', 'tar', '/bin/busybox', plugin]
if (requireRoot(t, what) && requirePrograms(t, what, [...programs, ...mainPlugins('macvlan')])) {
  await suite()
}

async function suite(): Promise<void> {
  const host = Netns.here()
  const wire = await Netns.make()
  await host.connect('uplink', wire, 'wire')
  const shared = mkdtempSync(join(tmpdir(), 'annotations-'))
  const keyFile = join(shared, 'cluster.key')
  makeClusterKey(keyFile)
  const facts = join(shared, 'facts')
  mkdirSync(facts)
  const [here, there] = ['/ip4/127.0.0.1/tcp/17971', '/ip4/127.0.0.1/tcp/17972'] as const
  const node = (name: string, mesh: Record<string, unknown>) =>
    startDaemon({
      pools: poolsYaml(pools),
      config: {
        nodeName: name,
        mesh: { keyFile, ...mesh },
        factsDirs: [facts],
        detection: { conflict: true },
        cooldown: { seconds: 1, scarceSeconds: 0 }
      }
    })
  const one = await node('one', { listen: [here], registrar: true })
  const two = await node('two', { listen: [there], peers: [here] })
  const runtimeOf = (daemon: Daemon) =>
    Containerd.start({
      ...{ name: 'underlay', type: 'macvlan', master: 'uplink', mode: 'bridge' },
      capabilities: { 'io.kubernetes.cri.pod-annotations': true },
      ipam: ipamSection(daemon, [blue])
    })
  const first = await runtimeOf(one)
  const second = await runtimeOf(two)
  t.teardown(async () => {
    for (const runtime of [first, second]) await runtime[Symbol.asyncDispose]()
    for (const daemon of [one, two]) await daemon[Symbol.asyncDispose]()
    await wire.remove()
  })

  /** Also when the node is not ready yet: it has to have joined. */
  async function start(
    { cri }: Containerd,
    name: string,
    annotations: Record<string, string> = {}
  ): Promise<SandboxStatus> {
    const id = await eventually(`${name} runs`, () =>
      cri.run(name, { annotations }).catch(() => undefined)
    )
    return cri.status(id)
  }

  await t.test('a pod gets an address of the pool that it names', async t => {
    const plain = await start(first, 'plain')
    t.match(plain.addresses, [/^10\.9\.0\./], 'the network names blue')
    const named = await start(first, 'named', { [key('ippool')]: '{"ipv4":["gr*"]}' })
    t.match(named.addresses, [/^10\.8\.0\./])
    const shown = await attachmentsOf(one)
    t.match(
      shown.find(({ containerId }) => containerId === named.id),
      { addresses: [{ pool: 'green' }], pod: { name: 'named', namespace: 'default' } }
    )
  })

  await t.test('what is wrong with an annotation is told to whoever starts the pod', async t => {
    const before = await allocatedBy(one)
    const run = (name: string, annotations: Record<string, string>) =>
      first.cri.run(name, { annotations }).then(String, String)
    t.match(await run('torn', { [key('ippool')]: '{"ipv4":' }), /ippool: is no JSON/)
    t.match(
      await run('strange', { [key('ippools')]: '[{"interface":"net7","ipv4":["blue"]}]' }),
      /ippools: names net7, and this ADD is for eth0/
    )
    t.same((await allocatedBy(one)).toSorted(), before.toSorted(), 'and nothing was given')
  })

  await t.test('a squatter is stepped around within one ADD', async t => {
    await wire.addAddress('wire', '10.7.0.2/24')
    await start(first, 'warm', { [key('ippool')]: '{"ipv4":["green"]}' })
    const began = process.hrtime.bigint()
    const id = await first.cri.run('beside', {
      annotations: { [key('ippool')]: '{"ipv4":["taken"]}' }
    })
    const ms = Number(process.hrtime.bigint() - began) / 1e6
    t.same((await first.cri.status(id)).addresses, ['10.7.0.3'])
    t.match(one.log(), /a host that is no pod of this cluster has an address of a pool/)
    t.comment(`RunPodSandbox with a squatter on the first address: ${ms.toFixed(0)} ms`)
  })

  await t.test('C00018 C00019: a pod that keeps its address does not take another one', async t => {
    tell('lone')
    const pinned = { [key('ippool')]: '{"ipv4":["taken"]}' }
    await first.removeAllPods()
    await wire.ip('addr', 'del', '10.7.0.2/24', 'dev', 'wire')
    const lone = await start(first, 'lone-0', pinned)
    const [address = ''] = lone.addresses
    await eventually('it is kept', async () =>
      (await blocksText(one)).includes('default/lone-0/eth0')
    )
    await first.cri.remove(lone.id)
    await wire.addAddress('wire', `${address}/24`)
    await eventually('it is refused, with who has it', async () =>
      /is no pod of this cluster/.test(
        await first.cri.run('lone-0', { annotations: pinned }).catch(String)
      )
    )
    await wire.ip('addr', 'del', `${address}/24`, 'dev', 'wire')
    t.pass(address)
  })

  await t.test('F29: a pod of a StatefulSet moves to another node with its address', async t => {
    tell('web')
    const web = await start(first, 'web-0')
    await eventually('the other node knows', async () =>
      (await blocksText(two)).includes('default/web-0/eth0')
    )
    await first.cri.remove(web.id)
    const moved = await start(second, 'web-0')
    t.same(moved.addresses, web.addresses)
    t.same(await allocatedBy(two), web.addresses)
    t.comment(`${web.addresses.join()} moved from one node to the other`)
    await second.cri.remove(moved.id)
    t.same((await start(first, 'web-0')).addresses, web.addresses, 'and back')
  })

  await t.test('nothing is left', async t => {
    await Promise.all([first, second].map(runtime => runtime.removeAllPods()))
    for (const daemon of [one, two]) t.same(await allocatedBy(daemon), [])
    t.same(
      (await host.links()).map(({ name }) => name),
      ['lo', 'uplink']
    )
  })

  /** A StatefulSet, and its first pod. */
  function tell(set: string): void {
    const namespace = 'default'
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: set }
    const items = [
      { ...owner, metadata: { name: set, namespace }, spec: { replicas: 1 } },
      {
        ...{ apiVersion: 'v1', kind: 'Pod' },
        metadata: { name: `${set}-0`, namespace, ownerReferences: [{ ...owner, controller: true }] }
      }
    ]
    writeFileSync(join(facts, `.${set}`), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
    renameSync(join(facts, `.${set}`), join(facts, `${set}.json`))
  }
}

async function blocksText(daemon: Daemon): Promise<string> {
  return JSON.stringify(await blocksOf(daemon))
}
