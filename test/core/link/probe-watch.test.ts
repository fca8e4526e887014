import t from 'tap'
import type { Address } from '../../../src/core/address.ts'
import type { Mac } from '../../../src/core/link/mac.ts'
import { ProbeWatch } from '../../../src/core/link/probe-watch.ts'
import {
  announcementOf,
  probeFor,
  requestFor,
  sightingIn
} from '../../../src/core/link/sighting.ts'
import type { ProbeTarget } from '../../../src/core/link/verdict.ts'
import { usualPacing } from '../../../src/core/link/volley.ts'
import { advertisement, arpFrame, ip, mac, neighbourFrame } from './link-samples.ts'

const [own, other, router] = [
  mac('02:00:00:00:00:01'),
  mac('02:00:00:00:00:02'),
  mac('02:00:00:00:00:ff')
]
const beginning = 5_000

const worlds = [
  { name: 'IPv4', address: ip('10.0.0.5'), gateway: ip('10.0.0.1'), stranger: ip('10.0.0.7') },
  { name: 'IPv6', address: ip('fd00::5'), gateway: ip('fd00::1'), stranger: ip('fd00::7') }
] as const

const isIpv4 = (address: Address) => address >> 32n === 0xffffn

function replyOf(from: Mac, address: Address): Uint8Array {
  if (!isIpv4(address)) return neighbourFrame(advertisement(address, from), from)
  return arpFrame({ operation: 'Reply', senderMac: from, sender: address, target: ip('0.0.0.0') })
}

/** What left: `probe`, or `as` whom it asked; for which address, and when since the beginning. */
interface Sent {
  readonly at: number
  readonly what: string
}

interface Script {
  readonly targets: readonly ProbeTarget[]
  /** What arrives, by milliseconds since the beginning. */
  readonly arrivals?: readonly (readonly [at: number, frame: Uint8Array])[]
  readonly budgetMs?: number
  /** Which of our frames are lost on their way out of the interface's queue: they do not leave at all. */
  readonly isStuck?: (at: number) => boolean
  /** Called later than asked for by so much. */
  readonly lateMs?: number
}

function play({ targets, arrivals = [], budgetMs = 60_000, isStuck, lateMs = 0 }: Script) {
  const order = { mac: own, targets, pacing: usualPacing, deadlineMs: beginning + budgetMs }
  const watch = new ProbeWatch(order, beginning)
  const sent: Sent[] = []
  const waiting = [...arrivals].sort(([a], [b]) => a - b)
  let now = beginning
  for (let steps = 0; !watch.isDone; steps += 1) {
    if (steps > 1_000) throw new Error('it does not end')
    for (const outgoing of watch.due(now)) {
      if (isStuck?.(now - beginning) === true) continue
      sent.push({ at: now - beginning, what: describe(outgoing.frame, targets) })
      outgoing.left(now)
    }
    if (watch.isDone) break
    const next = Math.max(watch.nextMs, now + 1) + lateMs
    const arrival = waiting[0]
    if (arrival !== undefined && beginning + arrival[0] <= next) {
      waiting.shift()
      now = Math.max(now, beginning + arrival[0])
      watch.see(arrival[1])
    } else now = next
  }
  return { at: now - beginning, verdicts: watch.verdicts(), sent }
}

function describe(frame: Uint8Array, targets: readonly ProbeTarget[]): string {
  const sighting = sightingIn(frame, other)
  if (sighting?.mac !== own) throw new Error('a frame that nobody can read')
  const isAddress = targets.some(({ address }) => address === sighting.address)
  if (sighting.kind === 'Probe') return isAddress ? 'probe address' : 'probe gateway'
  return `${sighting.kind} as ${isAddress ? 'address' : 'somebody else'}`
}

const said = ({ sent }: { readonly sent: readonly Sent[] }) =>
  sent.map(({ at, what }) => `${at} ${what}`)

for (const { name, address, gateway, stranger } of worlds) {
  const conflict: ProbeTarget = { address, conflict: true }
  const both: ProbeTarget = { address, conflict: true, gateway }
  const onlyGateway: ProbeTarget = { address, conflict: false, gateway }

  t.test(`${name}: nobody has it`, async t => {
    const played = play({ targets: [conflict] })
    t.same(said(played), ['0 probe address', '100 probe address', '200 probe address'])
    t.same(played.verdicts, [{ address, conflict: { type: 'Free' } }])
    t.equal(played.at, 400, 'and a silence after the last probe')
  })

  t.test(`${name}: somebody has it`, async t => {
    const rows: [Uint8Array, string, string][] = [
      [replyOf(other, address), 'Reply', 'who answers'],
      [requestFor(other, address, stranger), 'Request', 'who asks for somebody else in its name'],
      [probeFor(other, address), 'Probe', 'who wants it at the same time']
    ]
    if (isIpv4(address))
      rows.push([announcementOf(other, address), 'Announcement', 'who announces it'])
    for (const [frame, how, why] of rows) {
      const played = play({ targets: [conflict], arrivals: [[130, frame]] })
      t.same(played.verdicts, [{ address, conflict: { type: 'Conflict', mac: other, how } }], why)
      t.equal(played.at, 130, `${why} ends it`)
      t.equal(played.sent.length, 2)
    }
  })

  t.test(`${name}: an answer to the last probe, at the last moment`, async t => {
    const answered = play({ targets: [conflict], arrivals: [[399, replyOf(other, address)]] })
    t.match(answered.verdicts, [{ conflict: { type: 'Conflict', mac: other } }])
    const tooLate = play({ targets: [conflict], arrivals: [[401, replyOf(other, address)]] })
    t.match(tooLate.verdicts, [{ conflict: { type: 'Free' } }])
  })

  t.test(`${name}: what does not speak against it`, async t => {
    const frames = [
      ...[probeFor(own, address), replyOf(own, address), announcementOf(own, address)],
      ...[
        replyOf(other, stranger),
        probeFor(other, stranger),
        requestFor(other, stranger, address)
      ],
      ...[new Uint8Array(), replyOf(other, address).subarray(0, 40)]
    ]
    const arrivals = frames.map((frame, i) => [10 + i, frame] as const)
    const played = play({ targets: [conflict], arrivals })
    t.same(played.verdicts, [{ address, conflict: { type: 'Free' } }])
    t.equal(played.at, 400)
  })

  t.test(`${name}: the first who answers is named`, async t => {
    const arrivals = [
      [2, replyOf(other, address)],
      [3, replyOf(other, address)],
      [3, replyOf(router, address)]
    ] as const
    t.match(play({ targets: [conflict], arrivals }).verdicts, [{ conflict: { mac: other } }])
  })

  t.test(`${name}: pauses count from when a probe left`, async t => {
    const late = play({ targets: [conflict], lateMs: 30 })
    t.same(
      late.sent.map(({ at }) => at),
      [0, 130, 260]
    )
    t.equal(late.at, 490, 'the silence is not shorter for it')
    const stuck = play({ targets: [conflict], isStuck: at => at < 50 })
    t.same(
      stuck.sent.map(({ at }) => at),
      [50, 150, 250]
    )
    t.equal(stuck.at, 450)
  })

  t.test(`${name}: a budget ends it`, async t => {
    const short = play({ targets: [both], budgetMs: 350 })
    t.same(short.verdicts, [
      { address, conflict: { type: 'Undecided' }, gateway: { type: 'Undecided' } }
    ])
    t.equal(short.at, 350)
    const free = play({ targets: [both], budgetMs: 700 })
    t.same(free.verdicts, [{ address, conflict: { type: 'Free' }, gateway: { type: 'Undecided' } }])
    const never = play({ targets: [conflict], budgetMs: 300, isStuck: () => true })
    t.same(never.verdicts, [{ address, conflict: { type: 'Undecided' } }], 'nothing ever left')
  })

  t.test(`${name}: a gateway that answers at once`, async t => {
    const played = play({ targets: [both], arrivals: [[1, replyOf(router, gateway)]] })
    t.same(played.verdicts, [
      { address, conflict: { type: 'Free' }, gateway: { type: 'Reachable', mac: router } }
    ])
    t.equal(played.at, 400, 'the check for a conflict takes its time all the same')
    t.equal(said(played).filter(what => what.endsWith('gateway')).length, 1)
    const alone = play({ targets: [onlyGateway], arrivals: [[1, replyOf(router, gateway)]] })
    t.same(alone.verdicts, [{ address, gateway: { type: 'Reachable', mac: router } }])
    t.equal(alone.at, 1)
    t.same(said(alone), ['0 probe gateway'], 'nothing is asked of the address')
  })

  t.test(`${name}: the first answers of the gateway are lost`, async t => {
    const played = play({ targets: [onlyGateway], arrivals: [[401, replyOf(router, gateway)]] })
    t.match(played.verdicts, [{ gateway: { type: 'Reachable', mac: router } }])
    t.same(said(played), ['0 probe gateway', '200 probe gateway', '400 probe gateway'])
  })

  t.test(
    `${name}: a gateway that does not answer probes is asked in the name of the address`,
    async t => {
      const played = play({ targets: [both], arrivals: [[405, replyOf(router, gateway)]] })
      t.match(played.verdicts, [{ gateway: { type: 'Reachable', mac: router } }])
      t.match(said(played).slice(-1), ['400 Request as address'])
    }
  )

  t.test(`${name}: no gateway`, async t => {
    const played = play({ targets: [both] })
    t.same(played.verdicts, [
      { address, conflict: { type: 'Free' }, gateway: { type: 'Unreachable' } }
    ])
    t.equal(played.at, 1_000)
    t.same(
      said(played).filter(what => !what.endsWith('probe address')),
      [
        ...['0 probe gateway', '200 probe gateway'],
        ...['400 Request as address', '600 Request as address', '800 Request as address']
      ]
    )
  })

  t.test(`${name}: the address is proven first where only the gateway is of interest`, async t => {
    const played = play({ targets: [onlyGateway] })
    t.same(played.verdicts, [{ address, gateway: { type: 'Unreachable' } }])
    t.same(said(played), [
      ...['0 probe gateway', '200 probe gateway', '400 probe gateway'],
      ...['600 probe address', '700 probe address', '800 probe address'],
      ...['1000 Request as address', '1200 Request as address', '1400 Request as address']
    ])
    t.equal(played.at, 1_600)
    const taken = play({ targets: [onlyGateway], arrivals: [[601, replyOf(other, address)]] })
    t.match(taken.verdicts, [{ address, conflict: { type: 'Conflict', mac: other } }])
    t.notOk(taken.sent.some(({ what }) => what.includes('Request')))
    const slow = play({ targets: [onlyGateway], arrivals: [[650, replyOf(router, gateway)]] })
    t.same(slow.verdicts, [{ address, gateway: { type: 'Reachable', mac: router } }])
    t.equal(slow.at, 650, 'an answer meanwhile is an answer')
  })

  t.test(`${name}: nothing ever leaves in the name of an address that is not proven`, async t => {
    for (let at = 0; at <= 400; at += 50) {
      const played = play({ targets: [both], arrivals: [[at, replyOf(other, address)]] })
      const asAddress = played.sent.filter(({ what }) => what.startsWith('Request'))
      t.ok(asAddress.every(sent => sent.at >= 400))
      t.match(played.verdicts, [{ conflict: { type: 'Conflict' }, gateway: undefined }])
    }
  })

  t.test(`${name}: somebody shows up while the gateway is still being asked`, async t => {
    const played = play({ targets: [both], arrivals: [[500, replyOf(other, address)]] })
    t.same(played.verdicts, [{ address, conflict: { type: 'Conflict', mac: other, how: 'Reply' } }])
    t.equal(played.at, 500)
  })

  t.test(`${name}: who wants the gateway's address is not the gateway`, async t => {
    const played = play({ targets: [onlyGateway], arrivals: [[5, probeFor(other, gateway)]] })
    t.match(played.verdicts, [{ gateway: { type: 'Unreachable' } }])
    const heard = play({
      targets: [onlyGateway],
      arrivals: [[5, requestFor(router, gateway, stranger)]]
    })
    t.match(heard.verdicts, [{ gateway: { type: 'Reachable', mac: router } }], 'whoever has it is')
  })
}

t.test('several addresses are judged side by side, each for itself', async t => {
  const [four, six] = worlds
  const targets = [
    { address: four.address, conflict: true },
    { address: six.address, conflict: true, gateway: six.gateway },
    { address: six.stranger, conflict: true }
  ]
  const played = play({
    targets,
    arrivals: [
      [3, replyOf(other, four.address)],
      [4, replyOf(router, six.gateway)]
    ]
  })
  t.same(played.verdicts, [
    { address: four.address, conflict: { type: 'Conflict', mac: other, how: 'Reply' } },
    {
      ...{ address: six.address, conflict: { type: 'Free' } },
      gateway: { type: 'Reachable', mac: router }
    },
    { address: six.stranger, conflict: { type: 'Free' } }
  ])
  t.equal(played.at, 400)
  t.equal(said(played).filter(what => what === '0 probe address').length, 3, 'all at once')
})

t.test('questions that make no sense are our own mistake', async t => {
  const order = { mac: own, pacing: usualPacing, deadlineMs: 1 }
  const mixed = { address: worlds[0].address, conflict: true, gateway: worlds[1].gateway }
  t.throws(() => new ProbeWatch({ ...order, targets: [mixed] }, 0), /family/)
  const never = { ...usualPacing, conflict: { ...usualPacing.conflict, tries: 0 } }
  t.throws(() => new ProbeWatch({ ...order, targets: [], pacing: never }, 0), /never asked/)
  t.ok(new ProbeWatch({ ...order, targets: [] }, 0).isDone, 'nothing to ask')
})
