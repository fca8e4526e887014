// Two machines, later three, each with a containerd and its pod of the DaemonSet, joined by the mesh: sixty pods on sixty
// addresses, and an upgrade node by node and back while pods come and go.

import '../support/own-host.ts'

import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { allocatedOn, SandboxLoad } from '../kubelet/sandbox-load.ts'
import { Site } from '../kubelet/site.ts'
import { neededPrograms, Stage } from '../kubelet/stage.ts'
import { eventually } from '../support/command.ts'
import type { Pool } from '../support/ipam.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const sixty: Pool = { name: 'sixty', subnet: '10.77.0.0/24', ips: ['10.77.0.100-10.77.0.159'] }

const what = 'two and three nodes of a DaemonSet under containerd'
if (requireRoot(t, what) && requirePrograms(t, what, [...neededPrograms, 'nft'])) await suite()

async function suite(): Promise<void> {
  await using stage = await Stage.set({ machines: 2, releases: ['first', 'next'] })
  const { machines, segment } = stage
  using site = new Site({
    overlay: 'static-peers',
    pools: [sixty],
    config: {
      mesh: {
        listen: ['/ip4/0.0.0.0/tcp/7946'],
        peers: [1, 2].map(number => `/ip4/${segment.address(number)}/tcp/7946`),
        registrar: 'node-1'
      },
      cooldown: { seconds: 1, scarceSeconds: 0 }
    }
  })
  const load = new SandboxLoad()

  const findEachOther = async (t: Test) => {
    for (const machine of machines) {
      const pod = stage.daemons.pod(machine)
      t.equal(pod.restarts, 0, machine.name)
      const peers = await eventually('it sees all others', async () => {
        const { stdout } = await pod.exec(['/usr/bin/orbweaverd', 'peers'])
        const others = machines.filter(other => other !== machine)
        return others.every(({ name }) => stdout.includes(name)) && stdout
      })
      t.comment(peers)
    }
  }
  const accountedFor = async (t: Test, count: number) => {
    t.same(load.outcome, { adds: count, deletes: 0, failures: [], doubles: [] })
    t.equal(load.held.length, count)
    const allocated = (await allocatedOn(machines)).flat()
    t.same(allocated.toSorted(), load.held.map(({ address }) => address).toSorted())
  }

  await t.test('two nodes find each other by the same configuration', async t => {
    await stage.daemons.apply(site.objects('first'))
    await findEachOther(t)
  })

  await t.test('and share the addresses', async t => {
    await Promise.all(machines.map(machine => load.add(machine, 20)))
    await accountedFor(t, 40)
  })

  await t.test('a third machine joins, and sixty pods have sixty addresses', async t => {
    await stage.join('first')
    await findEachOther(t)
    await load.add(stage.machine(3), 20)
    await accountedFor(t, 60)
  })

  await t.test('what one machine lets go another one takes', async t => {
    const [first, second] = machines as [(typeof machines)[0], (typeof machines)[0]]
    const gone = load.held.filter(({ machine }) => machine === first).slice(0, 10)
    await load.remove(gone)
    await load.add(second, 10)
    t.match(load.outcome, { adds: 70, deletes: 10, failures: [], doubles: [] })
    const on = load.held.filter(({ machine }) => machine === second)
    t.equal(on.length, 30)
    for (const { address } of gone)
      t.ok(
        on.some(pod => pod.address === address),
        address
      )
  })

  await t.test('an upgrade node by node, and back, fails no ADD and no DEL', async t => {
    await load.remove(load.held.slice(0, 30))
    await stage.ship('next')
    const before = load.outcome
    load.begin(machines, 1)
    for (const release of ['next', 'first']) {
      await stage.daemons.apply(hasty(site.objects(release)))
      for (const machine of machines) {
        const { stdout } = await stage.daemons.pod(machine).exec(['/usr/bin/orbweaverd', 'version'])
        t.equal(stdout, `${release}\n`, `${machine.name} runs ${release}`)
      }
    }
    await load.end()
    const { adds, failures, doubles } = load.outcome
    t.same(failures, [])
    t.same(doubles, [])
    t.ok(adds - before.adds > 10, `${adds - before.adds} pods came and went`)
  })

  await t.test('nothing leaks', async t => {
    await load.remove(load.held)
    t.same((await allocatedOn(machines)).flat(), [])
    for (const machine of machines) {
      const queued = readdirSync(machine.path('/var/lib/orbweaver/queue'))
      t.same(queued, [], machine.name)
    }
  })
}

/** Without the seconds that a pod has to be ready for before it counts. */
function hasty(objects: ReturnType<Site['objects']>): ReturnType<Site['objects']> {
  return objects.map(object =>
    object.kind === 'DaemonSet'
      ? { ...object, spec: { ...(object['spec'] as object), minReadySeconds: 0 } }
      : object
  )
}
