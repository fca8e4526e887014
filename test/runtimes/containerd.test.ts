import '../support/own-host.ts'

import { existsSync, readdirSync } from 'node:fs'
import { basename } from 'node:path'
import t, { type Test } from 'tap'
import { allocatedBy, attachmentsOf, poolsOf } from '../support/admin.ts'
import { eventually, isRunning, run } from '../support/command.ts'
import { Containerd } from '../support/containerd.ts'
import type { SandboxStatus } from '../support/cri.ts'
import { type Daemon, startDaemon } from '../support/daemon.ts'
import { type Pool, ipamSection, mainPlugins, plugin, poolsYaml } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const v4: Pool = {
  name: 'v4',
  subnet: '10.9.0.0/24',
  ips: ['10.9.0.2-10.9.0.250'],
  gateway: '10.9.0.1'
}
const v6: Pool = { name: 'v6', subnet: 'fd09::/64', ips: ['fd09::2-fd09::ffff'] }
const tiny: Pool = { name: 'tiny', subnet: '10.8.0.0/24', ips: ['10.8.0.2-10.8.0.3'] }
const config = { cooldown: { seconds: 1, scarceSeconds: 0 } }
const eight = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

const what = 'containerd with our IPAM'
const programs = [
  'containerd',
  'ctr',
  'runc',
  'tar',
  '/bin/busybox',
  plugin,
  ...mainPlugins('macvlan')
]
if (requireRoot(t, what) && requirePrograms(t, what, programs)) await suite()

async function suite(): Promise<void> {
  const host = Netns.here()
  const router = await Netns.make()
  await host.connect('uplink', router, 'wire')
  await router.addAddress('wire', '10.9.0.1/24')
  let daemon = await startDaemon({ pools: poolsYaml([v4, v6, tiny]), config })
  t.teardown(async () => {
    await daemon[Symbol.asyncDispose]()
    await router.remove()
  })

  /** A containerd whose pods have addresses of these pools. Afterwards nothing of its pods is left. */
  function scenario(
    name: string,
    pools: readonly Pool[],
    play: (t: Test, containerd: Containerd) => Promise<void>
  ): void {
    void t.test(name, async t => {
      await using containerd = await Containerd.start({
        name: 'underlay',
        type: 'macvlan',
        master: 'uplink',
        mode: 'bridge',
        ipam: ipamSection(daemon, pools)
      })
      try {
        await play(t, containerd)
      } finally {
        await containerd.removeAllPods()
      }
      t.same(await allocatedBy(daemon), [], 'nothing is allocated')
      t.same(await containerd.cri.list(), [], 'no sandbox is left')
      t.same(readdirSync('/run/netns'), [router.name], 'no namespace is left')
      const links = (await host.links()).map(link => link.name)
      t.same(links, ['lo', 'uplink'], 'no link is left on the host')
    })
  }

  /** What containerd says about these pods has to be what the daemon has given them. */
  async function statusOf(
    t: Test,
    { cri }: Containerd,
    ids: readonly string[]
  ): Promise<SandboxStatus[]> {
    const shown = await Promise.all(ids.map(id => cri.status(id)))
    for (const { id, pod, addresses } of shown) {
      t.comment(`${pod.namespace}/${pod.name} ${id.slice(0, 12)} ${addresses.join(' ')}`)
    }
    const all = shown.flatMap(({ addresses }) => addresses)
    t.equal(new Set(all).size, all.length, 'no address was given twice')
    t.same(all.toSorted(), (await allocatedBy(daemon)).toSorted(), 'as the daemon has given')
    return shown
  }

  scenario('eight pods at once', [v4], async (t, containerd) => {
    t.comment(await containerd.cri.version())
    const ids = await Promise.all(eight.map(name => containerd.cri.run(name)))
    const pods = await statusOf(t, containerd, ids)
    for (const { pod, addresses } of pods) {
      t.match(addresses, [/^10\.9\.0\.\d+$/], pod.name)
    }
    for (const to of pods.slice(1)) t.comment(await ping(pods[0]!, to.addresses[0]!))
    t.comment(await ping(pods[0]!, '10.9.0.1'))
    const shown = await attachmentsOf(daemon)
    for (const { id, pod } of pods) {
      t.match(shown.find(({ containerId }) => containerId === id)?.pod, { ...pod })
    }
  })

  scenario('dual stack', [v4, v6], async (t, containerd) => {
    const ids = await Promise.all(['a', 'b', 'c'].map(name => containerd.cri.run(name)))
    const [a, b] = await statusOf(t, containerd, ids)
    t.match(a!.addresses, [/^10\.9\.0\.\d+$/, /^fd09::[0-9a-f]+$/])
    t.comment(await ping(a!, b!.addresses[0]!))
    t.comment(await pingOnceUsable(a!, b!.addresses[1]!))
  })

  // The plugins of a killed containerd run on, and it finds its sandboxes again when it starts.
  for (const given of [4, 6, 8]) {
    scenario(`containerd is killed when it has ${given} addresses`, [v4], async (t, containerd) => {
      const up = await Promise.all(eight.slice(0, 3).map(name => containerd.cri.run(name)))
      const pods = await statusOf(t, containerd, up)
      const starting = eight.slice(3).map(name => containerd.cri.run(name).catch(() => undefined))
      await eventually('addresses', async () => (await allocatedBy(daemon)).length >= given)
      await containerd.kill()
      await Promise.all(starting)
      await eventually('its plugins have ended', () => !isRunning('macvlan', 'orbweaver'))
      const before = await allocatedBy(daemon)
      t.equal(new Set(before).size, before.length, 'no address was given twice')

      await containerd.launch()
      const { cri } = containerd
      const known = (await cri.list()).length
      t.comment(`${before.length} addresses given; containerd knows ${known} sandboxes`)
      t.same(
        await Promise.all(up.map(id => cri.status(id))),
        pods,
        'the pods that were up still are'
      )
      for (const id of await Promise.all(['x', 'y', 'z'].map(name => cri.run(name)))) {
        const { addresses } = await cri.status(id)
        t.notOk(before.includes(addresses[0]!), `${addresses.join()} was free`)
      }
      await containerd.removeAllPods()
      // It makes a namespace before it notes down the sandbox; one of those may stay, empty.
      for (const netns of Netns.others()) {
        const links = netns.isMounted ? await netns.links() : []
        t.notOk(
          links.some(({ name }) => name !== 'lo'),
          `${netns.name} is empty`
        )
        await netns.remove()
      }
    })
  }

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    scenario(`the daemon gets ${signal} while pods start`, [v4], async (t, containerd) => {
      const running = Promise.all(eight.map(name => containerd.cri.run(name)))
      await eventually('addresses', async () => (await allocatedBy(daemon)).length >= 2)
      await (signal === 'SIGTERM' ? daemon.stop() : daemon.kill())
      daemon = await startDaemon({ dir: daemon.dir, config })
      await statusOf(t, containerd, await running)
    })
  }

  scenario('pods wait for a daemon that is not there yet', [v4], async (t, containerd) => {
    await daemon.stop()
    const running = Promise.all(eight.map(name => containerd.cri.run(name)))
    await eventually('the plugin waits', () => isRunning('orbweaver'))
    daemon = await startDaemon({ dir: daemon.dir, config })
    await statusOf(t, containerd, await running)
  })

  // containerd kills macvlan but not our plugin, and sends its DEL while that still waits.
  scenario('the kubelet gives up while the daemon is away', [v4], async (t, containerd) => {
    await daemon.stop()
    const error = await containerd.cri.run('given-up', { timeoutMs: 1000 }).catch(String)
    t.comment(error)
    t.match(error, /deadline/i)
    await eventually('its DEL is queued', () => queuedIn(daemon).length === 1)
    t.comment(`its ADD still waits: ${isRunning('orbweaver')}`)
    daemon = await startDaemon({ dir: daemon.dir, config })
    await eventually('the plugin has ended', () => !isRunning('orbweaver'))
    await eventually('nothing is allocated', async () => (await allocatedBy(daemon)).length === 0)
  })

  scenario('pods are removed while the daemon is away', [v4], async (t, containerd) => {
    await Promise.all(eight.map(name => containerd.cri.run(name)))
    await daemon.stop()
    await containerd.removeAllPods()
    t.equal(queuedIn(daemon).length, eight.length)
    daemon = await startDaemon({ dir: daemon.dir, config })
    t.same(await allocatedBy(daemon), [])
  })

  scenario('a pool is exhausted and has room again', [tiny], async (t, { cri }) => {
    const first = await cri.run('first')
    await cri.run('second')
    const error = await cri.run('third').catch(String)
    t.comment(error)
    t.match(error, /tiny/, 'the error names the pool')
    const pool = (await poolsOf(daemon)).find(({ name }) => name === 'tiny')
    t.match(pool, { total: 2, used: 2, free: 0 })
    await cri.remove(first)
    const third = await eventually('an address is free again', () =>
      cri.run('third').catch(() => undefined)
    )
    t.match((await cri.status(third)).addresses, [/^10\.8\.0\.[23]$/])
  })
}

function queuedIn({ queue }: Daemon): string[] {
  return existsSync(queue) ? readdirSync(queue).filter(name => name.endsWith('.del')) : []
}

async function ping({ netnsPath = '' }: SandboxStatus, address: string): Promise<string> {
  const command = [
    'netns',
    'exec',
    basename(netnsPath),
    'ping',
    '-n',
    '-c',
    '1',
    '-w',
    '5',
    address
  ]
  const out = await run('ip', command)
  return /^.*bytes from.*$/m.exec(out)?.[0] ?? out
}

/** The kernel looks for duplicates of an IPv6 address for a second or two before it may be used. */
function pingOnceUsable(pod: SandboxStatus, address: string): Promise<string> {
  return eventually(`${address} answers`, () => ping(pod, address).catch(() => undefined))
}
