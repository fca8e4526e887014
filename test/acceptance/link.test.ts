// Two nodes on one segment with others on it: hosts that have addresses of pools, and gateways. Pods have real
// interfaces, and what is said on the link is heard by a witness.

import '../support/own-host.ts'

import { mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { sightingIn } from '../../src/core/link/sighting.ts'
import { arpFrame, ip } from '../core/link/link-samples.ts'
import { poolsOf } from '../support/admin.ts'
import { askAdmin, ownsAll } from '../support/cluster-admin.ts'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { macOf } from '../support/link-lan.ts'
import { LinkStation } from '../support/link-station.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { withPods } from './kube.ts'
import { anyPod, Kubelet, sandboxOf } from './kubelet.ts'

const numbered = (name: string, number: number, last: number, more: Partial<Pool> = {}): Pool => ({
  ...{ name, subnet: `10.${number}.0.0/24`, ips: [`10.${number}.0.2-10.${number}.0.${last}`] },
  ...more
})
const pools = [
  numbered('four', 80, 19),
  { name: 'six', subnet: 'fd80::/64', ips: ['fd80::2-fd80::19'] },
  numbered('squatted', 81, 5),
  numbered('fixed', 82, 19),
  numbered('gated', 83, 19, { gateway: '10.83.0.1' })
]

const what = 'hosts and gateways on the links of pods'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  const facts = mkdtempSync(join(tmpdir(), 'facts-'))
  tell('lone')
  const cluster = await Cluster.start({
    ...{ nodes: 2, pools },
    config: {
      detection: { conflict: true },
      cooldown: { seconds: 0 },
      reconcile: { everySeconds: 3600 },
      factsDirs: [facts]
    }
  })
  t.teardown(() => cluster[Symbol.asyncDispose]())
  const [n1, n2] = cluster.nodes as [ClusterNode, ClusterNode]
  const guests = [1, 2, 3, 4, 5].map(() => cluster.lan.guest())
  const [pod1, pod2, stranger, witness, router] = (await Promise.all(guests)) as [
    ...[Guest, Guest, Guest],
    ...[Guest, Guest]
  ]
  const mac = await macOf(stranger, 'eth0')
  const from = (...names: readonly string[]) => ({
    default_ipv4_ippool: names.filter(name => name !== 'six'),
    ...(names.includes('six') && { default_ipv6_ippool: ['six'] })
  })
  const one = (...names: readonly string[]) => new Kubelet(n1, pod1.path, from(...names))
  const two = (...names: readonly string[]) => new Kubelet(n2, pod2.path, from(...names))
  const unlooking = { ipam: { detect_conflict: false } }

  await t.test(
    'C00007 C00018 D5 #4475 #4582 #4650: squatters of both families are stepped around in one ADD',
    async t => {
      await stranger.addAddress('eth0', '10.80.0.2/24')
      await stranger.addAddress('eth0', '10.80.0.3/24')
      await stranger.addAddress('eth0', 'fd80::2/64')
      using station = new LinkStation(witness.path, 'eth0')
      const pod = anyPod()
      const added = await one('four', 'six').add(pod)
      t.same(added.ips, ['10.80.0.4', 'fd80::3'])
      t.comment(`an ADD with three squatters in its way: ${added.ms.toFixed(0)} ms`)
      t.match(n1.log(), new RegExp(mac), 'who was there is in the log')
      const kinds = (address: string) =>
        station.heard
          .map(frame => sightingIn(frame, station.mac))
          .flatMap(seen => (seen?.address === ip(address) ? [seen.kind] : []))
      await eventually(
        'it is told twice',
        () => kinds('fd80::3').filter(kind => kind === 'Reply').length === 2
      )
      await eventually(
        'and so is the other',
        () => kinds('10.80.0.4').filter(kind => kind === 'Announcement').length === 2
      )
      const before = kinds('10.80.0.4').slice(0, -2)
      t.ok(
        before.length >= 3 && before.every(kind => kind === 'Probe'),
        'until then nothing is said in its name'
      )
      await one('four', 'six').del(pod)
    }
  )

  await t.test(
    'G5 C00018: what a host was found on is given by no node, wherever custody goes',
    async t => {
      await stranger.addAddress('eth0', '10.81.0.2/24')
      const pods = [anyPod(), anyPod(), anyPod()]
      const got = []
      for (const pod of pods) got.push(...(await one('squatted').add(pod)).ips)
      t.same(got.toSorted(), ['10.81.0.3', '10.81.0.4', '10.81.0.5'])
      t.match(await one('squatted').refuse(anyPod()), { code: 110 })
      t.match(
        await two('squatted').refuse(anyPod(), unlooking),
        { code: 110 },
        'a node that does not look'
      )
      const named = anyPod({ annotations: { ips: ['10.81.0.2'] } })
      t.match(await two('squatted').refuse(named, unlooking), {
        code: 101,
        msg: new RegExp(
          `10\\.81\\.0\\.2 is used by a host with the hardware address ${mac} on node n1`
        )
      })
      t.match(
        await askAdmin(n2, '/v1/transfer', { address: '10.81.0.2' }),
        { status: 409 },
        'nor by hand'
      )
      t.equal((await askAdmin(n1, '/v1/drain', {})).status, 200)
      await eventually('what is free has left', async () => {
        const free = (await poolsOf(n1)).map(pool => Number(pool.free))
        return free.every(count => count === 0)
      })
      t.ok(await ownsAll(n1, ['10.81.0.2']), 'not with a drain either')
      t.notOk(await ownsAll(n2, ['10.81.0.2']))
      t.match(await two('squatted').refuse(anyPod(), unlooking), { code: 110 })
      await askAdmin(n1, '/v1/undrain', {})
      for (const pod of pods) await one('squatted').del(pod)
    }
  )

  await t.test(
    'C00019 G6: an address that is kept is not given up, and the ADD names who has it',
    async t => {
      const first = sandboxOf('lone-0')
      const { ips } = await two('fixed').add(first)
      const [address = ''] = ips
      await two('fixed').del(first)
      await stranger.addAddress('eth0', `${address}/24`)
      for (let i = 0; i < 2; i += 1) {
        t.match(await two('fixed').refuse(sandboxOf('lone-0')), {
          code: 103,
          msg: new RegExp(`${address} answers from ${mac}`)
        })
      }
      await stranger.ip('address', 'delete', `${address}/24`, 'dev', 'eth0')
      t.same(
        (await two('fixed').add(sandboxOf('lone-0'))).ips,
        [address],
        'it has it when that is gone'
      )
    }
  )

  await t.test(
    'C00009 G19: a dead gateway is an error and gives the address back, a lost frame is none',
    async t => {
      const looking = { ipam: { detect_gateway: true } }
      t.match(await two('gated').refuse(anyPod(), looking), {
        code: 104,
        msg: /gateway 10\.83\.0\.1 does not answer/
      })
      const gated = (await poolsOf(n2)).find(({ name }) => name === 'gated')
      t.equal(gated?.used, 0)
      let asked = 0
      using _gateway = new LinkStation(router.path, 'eth0', (frame, station) => {
        const seen = sightingIn(frame, station.mac)
        if (seen?.kind !== 'Probe' || seen.address !== ip('10.83.0.1')) return []
        asked += 1
        const reply = {
          operation: 'Reply',
          senderMac: station.mac,
          sender: ip('10.83.0.1')
        } as const
        return asked === 1 ? [] : [arpFrame(reply)]
      })
      t.match(await two('gated').add(anyPod(), looking), { ips: [/^10\.83\./] })
      t.ok(asked >= 2, 'the first answer was lost')
    }
  )

  function tell(set: string): void {
    mkdirSync(facts, { recursive: true })
    const items = withPods({ kind: 'StatefulSet', name: set, replicas: 1 }, 1)
    writeFileSync(join(facts, '.sets'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
    renameSync(join(facts, '.sets'), join(facts, 'sets.json'))
  }
}

type Guest = Awaited<ReturnType<Cluster['lan']['guest']>>
