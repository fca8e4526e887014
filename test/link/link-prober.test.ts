// The prober on real links: who is there, who is not, and what a link does in between.

import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { announcementOf, probeFor, sightingIn } from '../../src/core/link/sighting.ts'
import { usualPacing } from '../../src/core/link/volley.ts'
import { createLinkProber, type LinkProberOptions } from '../../src/link/link-prober.ts'
import {
  type LinkProber,
  type LinkQuestion,
  type ProbeTarget,
  targetsMax
} from '../../src/ports/link-prober.ts'
import { advertisement, arpFrame, ip, mac, neighbourFrame } from '../core/link/link-samples.ts'
import { eventually } from '../support/command.ts'
import { keptLog, LinkLan, macOf } from '../support/link-lan.ts'
import { LinkStation } from '../support/link-station.ts'
import { requireRoot } from '../support/privilege.ts'

const [four, six] = [ip('10.9.0.5'), ip('fd09::5')]
const both: readonly ProbeTarget[] = [four, six].map(address => ({ address, conflict: true }))
const free = [four, six].map(address => ({ address, conflict: { type: 'Free' } }))
const isSocket = (fd: string) => readlink(`/proc/self/fd/${fd}`).startsWith('socket:')

function readlink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function openSockets(): number {
  return readdirSync('/proc/self/fd').filter(isSocket).length
}

type Ask = (question: Partial<LinkQuestion>) => ReturnType<LinkProber['probe']>

/** A test with a link and a prober of its own; at its end no socket is left. */
function onLink(
  what: string,
  body: (t: Test, lan: LinkLan, ask: Ask, prober: LinkProber) => Promise<void>,
  options: Omit<LinkProberOptions, 'log'> = {}
): void {
  t.test(what, async t => {
    const before = openSockets()
    {
      await using lan = await LinkLan.make()
      const prober = createLinkProber({ log: keptLog(), ...options })
      t.teardown(() => prober.close())
      const usual = { ...lan.place, targets: both, pacing: usualPacing, budgetMs: 5_000 }
      await body(t, lan, question => prober.probe({ ...usual, ...question }), prober)
      await prober.close()
    }
    // Those of the programs that tests run go a moment later.
    t.ok(await eventually('no socket is left open', () => openSockets() <= before))
  })
}

const isRoot = requireRoot(t, 'asking links who has an address')

if (isRoot) {
  onLink('an interface that is down is set up, and nobody is there', async (t, lan, ask) => {
    t.notOk((await lan.pod.link('eth0'))?.up)
    t.same(await ask({}), { type: 'Probed', verdicts: free })
    t.ok((await lan.pod.link('eth0'))?.up)
  })

  onLink('a kernel has the addresses', async (t, lan, ask) => {
    const mac = await lan.settle('10.9.0.5/24', 'fd09::5/64')
    const conflict = { type: 'Conflict', mac, how: 'Reply' }
    const verdicts = [four, six].map(address => ({ address, conflict }))
    t.same(await ask({}), { type: 'Probed', verdicts })
  })

  onLink('who already has the address is not disturbed', async (t, lan, ask) => {
    await lan.settle('10.9.0.5/24', 'fd09::5/64')
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    await lan.pod.addAddress('eth0', '10.9.0.9/24')
    await lan.pod.ping('10.9.0.5')
    const before = await lan.far.ip('neigh', 'show', 'dev', 'port', 'to', '10.9.0.9')
    await ask({})
    t.match(await lan.far.ip('neigh', 'show', 'dev', 'port', 'to', '10.9.0.9'), /lladdr/)
    t.match(before, /lladdr/)
    t.equal(await lan.far.ip('neigh', 'show', 'to', '10.9.0.5'), '', 'nobody learned the address')
    t.match(await lan.far.ip('-6', 'address', 'show', 'dev', 'port'), /fd09::5\/64 scope global/)
    t.notMatch(await lan.far.ip('address', 'show', 'dev', 'port'), /dadfailed/)
  })

  onLink('G19: two want the same address at the same time', async (t, lan, ask) => {
    const [a, b] = [await macOf(lan.pod, 'eth0'), await macOf(lan.far, 'port')]
    const other = createLinkProber({ log: keptLog() })
    t.teardown(() => other.close())
    const pacing = { ...usualPacing, conflict: { tries: 10, gapMs: 100, silenceMs: 100 } }
    const there = { netns: lan.far.path, ifname: 'port', pacing, budgetMs: 10_000 }
    await Promise.all([ask({ targets: [] }), other.probe({ ...there, targets: [] })])
    const answers = [ask({ pacing }), other.probe({ ...there, targets: both })]
    const [here, far] = await Promise.all(answers)
    for (const i of [0, 1]) {
      const [ours, theirs] = [here, far].map(answer =>
        answer?.type === 'Probed' ? answer.verdicts[i]?.conflict : undefined
      )
      // Whoever hears the other one gives up and falls silent, so the other one may have it.
      t.ok(ours?.type === 'Conflict' || theirs?.type === 'Conflict', 'not both get it')
      if (ours?.type === 'Conflict') t.match(ours, { mac: b, how: 'Probe' })
      if (theirs?.type === 'Conflict') t.match(theirs, { mac: a, how: 'Probe' })
    }
    await other.close()
  })

  onLink('a kernel wants the IPv6 address at the same time', async (t, lan, ask) => {
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    // A second probe could be the first that the kernel hears, and then it would be the one to give up.
    const pacing = { ...usualPacing, conflict: { tries: 1, gapMs: 0, silenceMs: 20_000 } }
    const targets = [{ address: six, conflict: true }]
    const asking = ask({ targets, pacing, budgetMs: 30_000 })
    using station = new LinkStation(lan.far.path, 'port')
    await eventually('the probe is out', () =>
      station.heard.some(frame => sightingIn(frame, station.mac)?.address === six)
    )
    // Without nodad: it looks whether somebody has it, as every kernel does.
    await lan.far.ip('address', 'add', 'fd09::5/64', 'dev', 'port')
    const conflict = { type: 'Conflict', mac: station.mac, how: 'Probe' }
    t.same(await asking, { type: 'Probed', verdicts: [{ address: six, conflict }] })
  })

  onLink('G19: a gateway whose first answers are lost', async (t, lan, ask) => {
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    let asked = 0
    using _station = new LinkStation(lan.far.path, 'port', (frame, { mac }) => {
      const sighting = sightingIn(frame, mac)
      if (sighting?.kind !== 'Probe' || sighting.address !== ip('10.9.0.1')) return []
      asked += 1
      return asked < 3
        ? []
        : [arpFrame({ operation: 'Reply', senderMac: mac, sender: ip('10.9.0.1') })]
    })
    const targets = [{ address: four, conflict: false, gateway: ip('10.9.0.1') }]
    t.match(await ask({ targets }), { verdicts: [{ gateway: { type: 'Reachable' } }] })
    t.equal(asked, 3)
  })

  onLink(
    'a gateway that answers no probe is asked in the name of the proven address',
    async (t, lan, ask) => {
      await lan.pod.ip('link', 'set', 'eth0', 'up')
      const gateways = [ip('10.9.0.1'), ip('fd09::1')] as const
      const kinds: string[] = []
      using station = new LinkStation(lan.far.path, 'port', (frame, { mac }) => {
        const sighting = sightingIn(frame, mac)
        const about = sighting && [four, six].indexOf(sighting.address)
        if (sighting === undefined || about === undefined || about < 0) return []
        kinds.push(`${about} ${sighting.kind}`)
        if (sighting.kind !== 'Request') return []
        if (about === 1) return [neighbourFrame(advertisement(gateways[1], mac), mac)]
        return [arpFrame({ operation: 'Reply', senderMac: mac, sender: gateways[0] })]
      })
      const targets = [
        { address: four, conflict: true, gateway: gateways[0] },
        { address: six, conflict: true, gateway: gateways[1] }
      ]
      const gateway = { type: 'Reachable', mac: station.mac }
      const verdicts = [four, six].map(address => ({
        address,
        conflict: { type: 'Free' },
        gateway
      }))
      t.same(await ask({ targets }), { type: 'Probed', verdicts })
      const expected = (about: number) => [
        ...Array<string>(3).fill(`${about} Probe`),
        `${about} Request`
      ]
      for (const about of [0, 1]) {
        t.same(
          kinds.filter(kind => kind.startsWith(String(about))),
          expected(about)
        )
      }
    }
  )

  onLink('what is on another VLAN, or for somebody else, says nothing', async (t, lan, ask) => {
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    const tag = Buffer.from([0x81, 0, 0, 7])
    let answers = 0
    using _station = new LinkStation(lan.far.path, 'port', (frame, { mac: own }) => {
      const sighting = sightingIn(frame, own)
      if (sighting?.kind !== 'Probe' || ![four, six].includes(sighting.address)) return []
      const { address } = sighting
      const reply =
        address === six
          ? neighbourFrame(advertisement(six, own), own)
          : arpFrame({ operation: 'Reply', senderMac: own, sender: address })
      const elsewhere = Buffer.from(reply)
      elsewhere.set([2, 0, 0, 0, 0, 0x77], 0)
      answers += 1
      return [
        Buffer.concat([reply.subarray(0, 12), tag, reply.subarray(12)]),
        ...[elsewhere, reply.subarray(0, 40), probeFor(mac('02:00:00:00:00:07'), ip('10.9.0.7'))]
      ]
    })
    t.same(await ask({}), { type: 'Probed', verdicts: free })
    t.ok(answers >= 6, 'every probe was answered')
  })

  onLink('where nothing can be asked', async (t, lan, ask) => {
    const rows: [Partial<LinkQuestion>, string][] = [
      [{ netns: '/run/netns/ow-test-nothing' }, 'NoNamespace'],
      [{ netns: '/proc/self/ns/uts' }, 'NoNamespace'],
      [{ netns: '/etc/hostname' }, 'NoNamespace'],
      [{ netns: '/etc/hostname/below' }, 'NoNamespace'],
      [{ ifname: 'eth1' }, 'NoInterface'],
      [{ ifname: '' }, 'NoInterface'],
      [{ ifname: 'a-name-that-is-too-long' }, 'NoInterface'],
      [{ ifname: 'eth1', master: 'ow-no-master' }, 'NoInterface'],
      [{ ifname: 'eth1', master: 'lo' }, 'Unsuited'],
      [{ ifname: 'lo' }, 'Unsuited']
    ]
    for (const [question, why] of rows) {
      t.match(await ask(question), { type: 'NotPossible', why }, JSON.stringify(question))
    }
    await lan.pod.ip('link', 'set', 'eth0', 'arp', 'off')
    t.match(await ask({}), { why: 'Unsuited' }, 'NOARP, as ipvlan in its mode L3 is')
    t.notOk((await lan.pod.link('eth0'))?.up, 'and it was left as it was')
    await lan.pod.ip('link', 'set', 'eth0', 'arp', 'on')
    await lan.far.ip('link', 'set', 'port', 'down')
    t.match(await ask({ budgetMs: 300 }), { why: 'Down', detail: /carrier/ })
  })

  onLink('an interface that goes while it is asked', async (t, lan, ask) => {
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    const pacing = { ...usualPacing, conflict: { tries: 50, gapMs: 100, silenceMs: 100 } }
    const asking = ask({ pacing })
    await sleep(100)
    await lan.pod.ip('link', 'delete', 'eth0')
    t.match(await asking, { type: 'NotPossible', why: /Down|NoInterface/ })
  })

  onLink('#5028: signals in the midst of it change nothing', async (t, lan, ask) => {
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    let signals = 0
    const hear = () => {
      signals += 1
    }
    process.on('SIGUSR2', hear)
    const { default: koffi } = await import('koffi')
    const libc = koffi.load(null)
    const tgkill = libc.func('int tgkill(int process, int thread, int signal)')
    const timer = setInterval(() => {
      for (const thread of readdirSync('/proc/self/task')) tgkill(process.pid, Number(thread), 12)
    }, 2)
    t.same(await ask({}), { type: 'Probed', verdicts: free })
    // Who stops to listen dies of the last one, when it is late.
    clearInterval(timer)
    t.ok(signals > 0)
  })

  onLink('announcements move the address to where it is now', async (t, lan, ask, prober) => {
    await lan.settle('10.9.0.1/24', 'fd09::1/64')
    const mac = await macOf(lan.pod, 'eth0')
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    // Before that the kernel may still be about to forget whom it knows there, for want of a carrier.
    await eventually('the other end has noticed', async () =>
      (await lan.far.ip('link', 'show', 'port')).includes('state UP')
    )
    for (const address of ['10.9.0.5', 'fd09::5']) {
      await lan.far.ip(
        'neigh',
        'add',
        address,
        'lladdr',
        '02:00:00:00:00:77',
        'dev',
        'port',
        'nud',
        'stale'
      )
    }
    using station = new LinkStation(lan.far.path, 'port')
    // A machine that is busy may not get it out in time, which is logged; then it is said again.
    const known = async (address: string) => {
      if ((await lan.far.ip('neigh', 'show', 'to', address)).includes(mac)) return true
      await prober.announce({ ...lan.place, addresses: [four, six], times: 2, gapMs: 50 })
      return false
    }
    for (const address of ['10.9.0.5', 'fd09::5']) {
      t.ok(await eventually(`${address} is known`, () => known(address)))
    }
    const heard = station.heard
      .map(frame => sightingIn(frame, station.mac))
      .filter(one => one?.mac === mac)
    t.ok(heard.filter(one => one?.address === four && one.kind === 'Announcement').length >= 2)
    t.ok(heard.filter(one => one?.address === six && one.kind === 'Reply').length >= 2)
    const other = announcementOf(station.mac, four)
    station.send(other)
    t.match(await ask({}), { type: 'Probed' })
  })

  onLink('as many addresses in one question as there may be', async (t, lan, ask) => {
    const mac = await lan.settle('10.9.0.15/24', 'fd09::7/64')
    const targets = Array.from({ length: targetsMax }, (_, i) => ({
      ...{ address: ip(i < 8 ? `10.9.0.${8 + i}` : `fd09::${i - 8}:7`), conflict: true },
      gateway: ip(i < 8 ? '10.9.0.15' : 'fd09::7')
    }))
    const answer = await ask({ targets })
    if (answer.type !== 'Probed') throw new Error(answer.detail)
    const isTaken = (i: number) => i === 7 || i === 8
    for (const [i, verdict] of answer.verdicts.entries()) {
      const gateway = { type: 'Reachable', mac }
      t.match(verdict, isTaken(i) ? { conflict: { mac } } : { conflict: { type: 'Free' }, gateway })
    }
    await t.rejects(ask({ targets: [...targets, ...targets] }), /targets/)
  })

  onLink('too many at once are told so', async (t, lan, ask, prober) => {
    await lan.pod.ip('link', 'set', 'eth0', 'up')
    const targets = [{ address: four, conflict: true }]
    const answers = await Promise.all(Array.from({ length: 300 }, () => ask({ targets })))
    const busy = answers.filter(answer => answer.type === 'NotPossible')
    t.ok(busy.every(({ why }) => why === 'Busy'))
    t.equal(busy.length, 300 - 256)
    t.ok(
      answers.every(
        answer => answer.type !== 'Probed' || answer.verdicts[0]?.conflict?.type === 'Free'
      )
    )
    await prober.close()
  })

  onLink(
    'a thread that finds no way back ends and is replaced',
    async (t, _lan, ask) => {
      for (let i = 0; i < 3; i += 1) {
        t.match(await ask({}), { type: 'NotPossible', why: 'Failed', detail: /way back/ })
      }
    },
    { home: '/etc/hostname' }
  )
}
