// What is asked of others for the pods that wait here, as pools come and go.

import t from 'tap'
import { Desk } from '../../src/actors/desk.ts'
import type { BrokerMessage, Need } from '../../src/actors/messages/broker.ts'
import type { ActorRef } from '../../src/actors/runtime/ref.ts'
import { WaitingRoom } from '../../src/actors/waiting-room.ts'
import { AddressBook } from '../../src/core/address-book.ts'
import type { IpPool } from '../../src/core/ip-pool.ts'
import { Custody } from '../../src/core/lease/custody.ts'
import { allRules } from '../../src/core/lease/rules.ts'
import type { Member } from '../../src/core/registry/cluster-view.ts'
import { emptyView } from '../../src/core/registry/cluster-view.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { noChronicle } from '../../src/telemetry/no-chronicle.ts'
import { silent } from '../mesh/nodes.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { boot, pool } from '../support/samples.ts'

const blue = pool('blue', '10.9.0.0/24', '10.9.0.2-10.9.0.250')

function roomOf(pools: readonly IpPool[], owns = false) {
  const needs: Need[] = []
  const ref = <Message>(insist: (message: Message) => void): ActorRef<Message> => ({
    ...{ name: 'other', insist, tell: () => true, watch: () => () => {} }
  })
  const book = new AddressBook({ normalMs: 30_000, scarceMs: 5_000 })
  book.setPools(pools)
  const none = { marks: new Map(), heard: new Map(), grants: [], asked: new Map(), contests: [] }
  const me: Member = {
    ...{ incarnation: 'a', node: 'n1', peer: 'p1', machine: 'm1', wire: { min: 1, max: 1 } },
    ...{ index: 1, since: 2 }
  }
  const view = { ...emptyView, byIncarnation: new Map([['a', me]]), members: new Map([[1, me]]) }
  const register = { fence: 3, seq: 0, owner: 1, writer: 0, wctr: 0, tail: '' }
  const runs = owns ? [...blankRanges(pools)].map(range => ({ ...range, register })) : []
  const custody = new Custody('d', book, { runs, ...none }, view, 'a')
  const other = ref(() => {})
  const broker = ref<BrokerMessage>(
    message => void (message.type === 'Need' && needs.push(message))
  )
  const clock = new ManualClock()
  const desk = new Desk(
    {
      ...{ custody, boot, log: silent, incarnation: 'a', rules: allRules },
      store: new MemoryStore({ incarnation: 'a', boot }),
      neighbours: { membership: other, synchroniser: other, inquest: other, broker },
      chronicle: noChronicle,
      onEnded: () => {}
    },
    { self: other, clock, pipe: () => {}, schedule: () => {}, cancel: () => {} }
  )
  const room = new WaitingRoom(desk, () => {})
  room.setPools(pools)
  room.setMembers(4)
  const wait = () =>
    room.reserve({
      ...{ type: 'Reserve', pool: 'blue', holder: 'h', deadline: 10_000 },
      replyTo: () => {}
    })
  return { room, needs, wait }
}

function* blankRanges(pools: readonly IpPool[]) {
  for (const { usable } of pools) yield* usable.ranges()
}

t.test(
  'nothing is asked for any more when the pool is gone, disabled or nobody else is there',
  t => {
    const ends: ((room: WaitingRoom) => void)[] = [
      room => room.setPools([]),
      room => room.setPools([{ ...blue, isDisabled: true }]),
      room => room.setMembers(1)
    ]
    for (const end of ends) {
      const { room, needs, wait } = roomOf([blue])
      wait()
      t.match(needs.at(-1), { pool: 'blue', waiting: 1 })
      end(room)
      t.match(needs.at(-1), { pool: 'blue', waiting: 0, wish: 0 })
      const before = needs.length
      room.prefetch()
      t.equal(needs.length, before, 'nor ahead of need')
    }
    t.end()
  }
)

t.test('a /64 that nobody uses is not scarce', t => {
  const wide = pool('wide', 'fd00::/64', 'fd00::2-fd00::ffff:ffff:ffff:fffe')
  t.notOk(roomOf([wide], true).room.isScarce('wide'))
  t.end()
})
