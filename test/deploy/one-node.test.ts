// The whole way on one machine: the image is built without an engine and imported, the DaemonSet's pod is started from
// the rendered manifest, pods get addresses through the plugin that it has installed, and all of it goes again.

import '../support/own-host.ts'

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import t, { type Test } from 'tap'
import type { KubeObject } from '../kubelet/kustomize.ts'
import type { Machine } from '../kubelet/machine.ts'
import { Site } from '../kubelet/site.ts'
import { neededPrograms, Stage, traitsOf } from '../kubelet/stage.ts'
import { allocatedBy } from '../support/admin.ts'
import type { SandboxStatus } from '../support/cri.ts'
import type { Pool } from '../support/ipam.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const blue: Pool = { name: 'blue', subnet: '10.77.0.0/24', ips: ['10.77.0.100-10.77.0.119'] }

const what = 'the DaemonSet under containerd'
if (requireRoot(t, what) && requirePrograms(t, what, neededPrograms)) await suite()

async function suite(): Promise<void> {
  await using stage = await Stage.set({ machines: 1, releases: ['first'] })
  using site = new Site({ overlay: 'single-node', pools: [blue] })
  const machine = stage.machine(1)
  const { cri } = machine
  const admin = { adminSocket: machine.path('/run/orbweaver/admin.sock') }
  const before = await traitsOf(machine)
  t.notOk(await cri.isNetworkReady(), 'containerd has no network at first')

  await t.test('the pod starts from the manifest, and its probes are green', async t => {
    await stage.daemons.apply(site.objects('first'))
    const pod = stage.daemons.pod(machine)
    t.ok(pod.isReady)
    t.equal(pod.restarts, 0)
    const { stdout } = await pod.exec(['/usr/bin/orbweaverd', 'status'])
    t.match(stdout, /node-1[^]*first[^]*/, 'its name is from the downward API')
    t.ok(await cri.isNetworkReady(), 'and containerd has the network that it installed')
    for (const shell of ['/bin/sh', '/usr/bin/env']) {
      const { code } = await pod.exec([shell, '-c', 'true']).catch(() => ({ code: 127 }))
      t.not(code, 0, `${shell} is not in the image`)
    }
    const script = 'require("node:fs").writeFileSync("/opt/orbweaver/x", "")'
    const { stderr } = await pod.exec(['/usr/bin/node', '-e', script])
    t.match(stderr, /EROFS/, 'the image is only read')
    holds(t, machine, ['net_admin', 'net_raw', 'sys_admin', 'sys_ptrace'])
  })

  const pods: SandboxStatus[] = []
  await t.test('pods get addresses through the plugin that it installed', async t => {
    const names = ['a', 'b', 'c', 'd']
    const ids = await Promise.all(names.map(name => cri.run(name)))
    pods.push(...(await Promise.all(ids.map(id => cri.status(id)))))
    const addresses = pods.flatMap(pod => pod.addresses)
    t.equal(new Set(addresses).size, names.length)
    t.same(addresses.toSorted(), (await allocatedBy(admin)).toSorted())
    for (const address of addresses) t.match(address, /^10\.77\.0\.1[01]\d$/)
    const [first, second] = pods as [SandboxStatus, SandboxStatus]
    await ping(machine, first, second.addresses[0] ?? '')
    await stage.segment.here.ping(first.addresses[0] ?? '')
    // Without the coordinator a macvlan does not reach its own node.
    await ping(machine, first, machine.address)
    await machine.exec('ping', '-n', '-c', '1', '-w', '5', first.addresses[0] ?? '')
    const rules = await machine.exec(
      'ip',
      'netns',
      'exec',
      basename(first.netnsPath ?? ''),
      'ip',
      'rule'
    )
    t.match(rules, /fwmark/, 'the coordinator has been in the chain')
  })

  await t.test(
    'a pod is deleted while there is no daemon, and another one waits for it',
    async t => {
      const pod = stage.daemons.pod(machine)
      await pod.stop()
      const [gone] = pods.splice(0, 1) as [SandboxStatus]
      await cri.remove(gone.id)
      t.ok(await cri.isNetworkReady(), 'plugin and network are still there')
      const starting = cri.run('waits')
      pod.start()
      pods.push(await cri.status(await starting))
      await pod.ready()
      const addresses = pods.flatMap(one => one.addresses)
      t.equal(new Set(addresses).size, pods.length)
      t.same(addresses.toSorted(), (await allocatedBy(admin)).toSorted())
    }
  )

  await t.test('each of its capabilities is needed', async t => {
    // Asked for by whoever has it: a host of the segment with an address of the pool.
    const squatter = '10.77.0.110'
    const asked: Pool = { name: 'asked', subnet: '10.77.0.0/24', ips: [squatter] }
    await stage.segment.here.addAddress('wire', `${squatter}/24`)
    site.setPools([asked])
    site.configure({ detection: { conflict: true }, cooldown: { seconds: 0 } })
    const looksAtPods = async () => {
      const [outside = 0] = machine.processes('busybox')
      const [, inside] =
        /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${outside}/status`, 'utf8')) ?? []
      const script = `require('node:fs').readlinkSync('/proc/${inside}/ns/net')`
      return (await stage.daemons.pod(machine).exec(['/usr/bin/node', '-e', script])).code === 0
    }
    const startPod = async () => {
      const outcome = await cri.run('asks').catch(String)
      if (!/^[0-9a-f]+$/.test(outcome)) return outcome
      await cri.remove(outcome)
      return 'runs'
    }
    const objects = site.objects('first')
    const taken = /^(?!.*CAP_).*asked/
    const rows = [
      ['', true, taken],
      ['SYS_PTRACE', false, taken],
      ['NET_RAW', true, /^runs$/],
      ['SYS_ADMIN', true, /CAP_/],
      ['NET_ADMIN', true, /CAP_/]
    ] as const
    for (const [missing, looks, outcome] of rows) {
      if (missing === 'NET_ADMIN') {
        await stage.segment.here.ip('address', 'delete', `${squatter}/24`, 'dev', 'wire')
      }
      await stage.daemons.apply(objects.map(object => without(object, missing)))
      t.equal(await looksAtPods(), looks, `without ${missing || 'nothing'}: whether pods live`)
      t.match(await startPod(), outcome, `without ${missing || 'nothing'}: a pod`)
    }
    site.setPools([blue])
    await stage.daemons.apply(site.objects('first'))
  })

  await t.test('all of it goes, and the machine is as it was', async t => {
    await Promise.all(pods.map(({ id }) => cri.remove(id)))
    t.same(await allocatedBy(admin), [])
    const pod = stage.daemons.pod(machine)
    const { stdout } = await pod.exec([
      ...['/usr/bin/orbweaverd', 'uninstall', '--conflist', '10-orbweaver.conflist']
    ])
    t.match(
      stdout,
      /^removed .*10-orbweaver\.conflist\nremoved .*\/orbweaver-ifacer\nremoved .*\/orbweaver-coordinator\nremoved .*\/orbweaver\n/,
      'network first'
    )
    await stage.daemons[Symbol.asyncDispose]()
    t.same(await cri.list(), [], 'no sandbox is left')
    t.same(await traitsOf(machine), before)
  })
}

/** The DaemonSet without one of its capabilities, and in no hurry for nothing. */
function without(object: KubeObject, missing: string): KubeObject {
  if (object.kind !== 'DaemonSet') return object
  const text = JSON.stringify({
    ...object,
    spec: { ...(object['spec'] as object), minReadySeconds: 0 }
  })
  return JSON.parse(text.replace(`"${missing}",`, '').replace(`,"${missing}"`, '')) as KubeObject
}

/** These capabilities and no others, as the kernel has it. */
function holds(t: Test, machine: Machine, names: readonly string[]): void {
  const [pid] = machine.processes('node')
  const [, mask = ''] = /^CapEff:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  const numbers: Record<string, bigint> = {
    ...{ net_admin: 12n, net_raw: 13n, sys_ptrace: 19n, sys_admin: 21n }
  }
  t.equal(
    BigInt(`0x${mask}`),
    names.reduce((sum, name) => sum | (1n << (numbers[name] ?? 0n)), 0n)
  )
}

async function ping(machine: Machine, from: SandboxStatus, to: string): Promise<void> {
  const netns = basename(from.netnsPath ?? '')
  await machine.exec('ip', 'netns', 'exec', netns, 'ping', '-n', '-c', '1', '-w', '5', to)
}
