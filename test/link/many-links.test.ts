// A node's worth of pods: macvlans on one interface of the host, which is also where to ask from while a pod
// has no interface yet.

import { readdirSync } from 'node:fs'
import t from 'tap'
import { type Address, formatAddress, toAddress } from '../../src/core/address.ts'
import { probeFor, sightingIn } from '../../src/core/link/sighting.ts'
import { usualPacing } from '../../src/core/link/volley.ts'
import { createLinkProber } from '../../src/link/link-prober.ts'
import { ip } from '../core/link/link-samples.ts'
import { run } from '../support/command.ts'
import { keptLog, LinkLan, macOf } from '../support/link-lan.ts'
import { LinkStation } from '../support/link-station.ts'
import { requireRoot } from '../support/privilege.ts'

const pods = 100
const names = Array.from({ length: pods }, (_, i) => `ow-test-${process.pid}-pod-${i}`)

const addressesOf = (pod: number): readonly Address[] =>
  [ip('10.9.1.0'), ip('fd09::100')].map(base => toAddress(base + BigInt(pod)))

async function batch(lines: readonly string[], netns: readonly string[] = []): Promise<void> {
  await run('ip', [...netns, '-force', '-batch', '-'], { input: lines.join('\n') })
}

if (requireRoot(t, 'asking the links of many pods')) {
  t.test('100 pods at once, every second address taken', async t => {
    await using lan = await LinkLan.make()
    // The pod of this link plays the host.
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    t.teardown(async () => {
      const left = readdirSync('/run/netns').filter(name => names.includes(name))
      await batch(left.map(name => `netns delete ${name}`))
    })
    await batch(names.map(name => `netns add ${name}`))
    const macvlan = 'type macvlan mode bridge'
    const links = names.map(name => `link add link eth0 name eth0 netns ${name} ${macvlan}`)
    await batch(links, ['-n', lan.pod.name ?? ''])
    const taken = names.flatMap((_, pod) => (pod % 2 === 0 ? addressesOf(pod) : []))
    await batch(
      taken.map(address => {
        const text = formatAddress(address)
        return `address add ${text}/${text.includes(':') ? '64 nodad' : '16'} dev port`
      }),
      ['-n', lan.far.name ?? '']
    )
    const mac = await macOf(lan.far, 'port')
    const prober = createLinkProber({ log: keptLog() })
    t.teardown(() => prober.close())
    const answers = await Promise.all(
      names.map((name, pod) =>
        prober.probe({
          ...{ netns: `/run/netns/${name}`, ifname: 'eth0', pacing: usualPacing, budgetMs: 30_000 },
          targets: addressesOf(pod).map(address => ({ address, conflict: true }))
        })
      )
    )
    for (const [pod, answer] of answers.entries()) {
      const conflict = pod % 2 === 0 ? { type: 'Conflict', mac, how: 'Reply' } : { type: 'Free' }
      const verdicts = addressesOf(pod).map(address => ({ address, conflict }))
      t.same(answer, { type: 'Probed', verdicts })
    }
    await prober.close()
  })

  t.test('a pod without an interface is asked for from the host', async t => {
    await using lan = await LinkLan.make()
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    const mac = await lan.settle('10.9.0.6/24', 'fd09::6/64')
    const host = { log: keptLog(), home: lan.pod.path }
    const prober = createLinkProber(host)
    t.teardown(() => prober.close())
    // A pod in which there is nothing but lo.
    await using empty = await LinkLan.make()
    await empty.pod.ip('link', 'delete', 'eth0')
    const place = { netns: empty.pod.path, ifname: 'eth0', pacing: usualPacing, budgetMs: 5_000 }
    const targets = ['10.9.0.5', '10.9.0.6', 'fd09::5', 'fd09::6'].map(text => ({
      ...{ address: ip(text), conflict: true }
    }))
    const free = { type: 'Free' }
    const conflict = { type: 'Conflict', mac, how: 'Reply' }
    t.match(await prober.probe({ ...place, targets, master: 'eth0' }), {
      verdicts: [free, conflict, free, conflict].map(verdict => ({ conflict: verdict }))
    })
    t.match(await prober.probe({ ...place, targets }), { why: 'NoInterface' })
    await lan.pod.ip('link', 'set', 'eth0', 'down')
    t.match(await prober.probe({ ...place, targets, master: 'eth0' }), { why: 'Down' })
    t.notOk((await lan.pod.link('eth0'))?.up, 'an interface of the host is left as it is')
    await prober.close()
  })

  t.test('a macvlan hears what goes to the groups of an IPv6 address', async t => {
    await using lan = await LinkLan.make()
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    const mac = await lan.settle('fd09::6/64')
    // A macvlan keeps from its owner what goes to groups that nobody has joined.
    await lan.pod.ip('link', 'add', 'mac0', 'link', 'eth0', 'type', 'macvlan', 'mode', 'bridge')
    await lan.pod.exec('sysctl', '-qw', 'net.ipv6.conf.mac0.disable_ipv6=1')
    const prober = createLinkProber({ log: keptLog() })
    t.teardown(() => prober.close())
    const place = { netns: lan.pod.path, ifname: 'mac0', budgetMs: 30_000 }
    const [wanted, taken] = [ip('fd09::5'), ip('fd09::6')]
    using station = new LinkStation(lan.far.path, 'port', (frame, { mac }) =>
      sightingIn(frame, mac)?.address === wanted ? [probeFor(mac, wanted)] : []
    )
    const targets = [wanted, taken].map(address => ({ address, conflict: true }))
    t.match(await prober.probe({ ...place, targets, pacing: usualPacing }), {
      verdicts: ['Probe', 'Reply'].map(how => ({ conflict: { type: 'Conflict', mac, how } }))
    })
    t.equal(station.mac, mac)
    await prober.close()
  })
}
