import '../support/own-host.ts'

import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { allocatedBy, attachmentsOf } from '../support/admin.ts'
import { eventually, isRunning } from '../support/command.ts'
import { startDaemon } from '../support/daemon.ts'
import { type Pool, ipamSection, mainPlugins, plugin, poolsYaml } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { Podman } from '../support/podman.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const pools: readonly Pool[] = [
  { name: 'v4', subnet: '10.9.0.0/24', ips: ['10.9.0.2-10.9.0.250'], gateway: '10.9.0.1' }
]
const config = { cooldown: { seconds: 1, scarceSeconds: 0 } }
const six = ['a', 'b', 'c', 'd', 'e', 'f']

const what = 'podman with our IPAM'
const programs = [
  'podman',
  'conmon',
  'runc',
  '/bin/busybox',
  plugin,
  ...mainPlugins('macvlan', 'bridge')
]
if (requireRoot(t, what) && requirePrograms(t, what, programs)) await suite()

async function suite(): Promise<void> {
  const host = Netns.here()
  const router = await Netns.make()
  await host.connect('uplink', router, 'wire')
  await router.addAddress('wire', '10.9.0.1/24')
  let daemon = await startDaemon({ pools: poolsYaml(pools), config })
  const ipam = ipamSection(daemon, pools)
  const podman = new Podman([
    { name: 'underlay', type: 'macvlan', master: 'uplink', mode: 'bridge', ipam },
    { name: 'bridged', type: 'bridge', bridge: 'pods', isGateway: true, ipam }
  ])
  t.teardown(async () => {
    await podman.removeAll()
    await daemon[Symbol.asyncDispose]()
    await router.remove()
  })

  /** Afterwards no container is there, and nothing of them. */
  function scenario(name: string, play: (t: Test) => Promise<void>): void {
    void t.test(name, async t => {
      try {
        await play(t)
      } finally {
        await podman.removeAll()
      }
      // podman does not wait for the clean-up of a container's network.
      await eventually('nothing is allocated', async () => (await allocatedBy(daemon)).length === 0)
      t.same(readdirSync('/run/netns'), [router.name], 'no namespace is left')
      const links = (await host.links()).map(link => link.name).filter(name => name !== 'pods')
      t.same(links, ['lo', 'uplink'], 'no link is left on the host')
    })
  }

  /** The addresses that podman shows; they have to be the ones that the daemon has given. */
  async function addressesOf(
    t: Test,
    network: string,
    names: readonly string[]
  ): Promise<string[]> {
    const shown = await Promise.all(names.map(name => podman.address(name, network)))
    t.comment(names.map((name, i) => `${name} ${shown[i]}`).join(', '))
    t.equal(new Set(shown).size, names.length, 'every container has an address of its own')
    t.same(shown.toSorted(), (await allocatedBy(daemon)).toSorted(), 'as the daemon has given')
    return shown
  }

  for (const network of ['underlay', 'bridged']) {
    scenario(`six containers at once on ${network}`, async t => {
      await Promise.all(six.map(name => podman.start(name, { network })))
      const addresses = await addressesOf(t, network, six)
      for (const address of addresses.slice(1)) t.comment(await podman.ping('a', address))
      t.comment(await podman.ping('f', '10.9.0.1'))
    })
  }

  scenario('the daemon knows the containers by their names', async t => {
    await podman.start('named', { network: 'underlay' })
    t.match(await attachmentsOf(daemon), [{ network: 'underlay', pod: { name: 'named' } }])
  })

  scenario('--ip', async t => {
    await podman.start('asking', { network: 'underlay', ip: '10.9.0.99' })
    t.equal(await podman.address('asking', 'underlay'), '10.9.0.99')
    const refused = podman.start('asking-too', { network: 'underlay', ip: '10.9.0.99' })
    await t.rejects(refused.catch(tell(t)), /10\.9\.0\.99/)
  })

  scenario('the daemon restarts while containers run and while one starts', async t => {
    await Promise.all(['a', 'b', 'c'].map(name => podman.start(name, { network: 'underlay' })))
    const before = await addressesOf(t, 'underlay', ['a', 'b', 'c'])
    await daemon.stop()
    const late = podman.start('late', { network: 'underlay' })
    await eventually('the plugin waits for the daemon', () => isRunning('orbweaver'))
    daemon = await startDaemon({ dir: daemon.dir, config })
    await late
    const after = await addressesOf(t, 'underlay', ['a', 'b', 'c', 'late'])
    t.same(after.slice(0, 3), before)
    t.comment(await podman.ping('late', before[0]!))
  })

  scenario('a container is removed while the daemon is down', async t => {
    await podman.start('leaving', { network: 'underlay', ip: '10.9.0.42' })
    await podman.start('staying', { network: 'underlay' })
    await daemon.stop()
    await podman.remove('leaving')
    t.same(await podman.names(), ['staying'])
    await eventually('the deletion is queued', () => queued(daemon.queue).length === 1)
    t.comment(`queue: ${queued(daemon.queue).join(', ')}`)
    daemon = await startDaemon({ dir: daemon.dir, config })
    t.same(await allocatedBy(daemon), [await podman.address('staying', 'underlay')])
    t.same(queued(daemon.queue), [])
    await podman.start('next', { network: 'underlay', ip: '10.9.0.42' })
    t.equal(await podman.address('next', 'underlay'), '10.9.0.42', 'its address is free')
  })
}

function queued(queue: string): string[] {
  return readdirSync(queue).filter(name => name.endsWith('.del'))
}

/** Show an error that is expected, and pass it on. */
function tell(t: Test): (error: unknown) => never {
  return error => {
    t.comment(String(error))
    throw error
  }
}
