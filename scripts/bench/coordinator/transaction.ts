// What the kernel itself takes for one transaction of nftables in a namespace without any: the mark table, sent
// from here.

import { Room } from '../../../src/kernel/room.ts'
import { openHome } from '../../../src/kernel/namespace.ts'
import { putMarks } from '../../../src/kernel/nftables/mark-table.ts'
import { SocketLedger } from '../../../src/kernel/socket-ledger.ts'
import type { Netns } from '../../../test/support/netns.ts'

const dwelling = { home: openHome(), ledger: new SocketLedger() }
const marks = { link: 'veth0', mark: 1 }

/** In microseconds. */
export function timeTransaction(netns: Netns): number {
  return within(netns, room => {
    const { netfilter } = room
    const started = process.hrtime.bigint()
    putMarks(netfilter, marks)
    return Number(process.hrtime.bigint() - started) / 1_000
  })
}

/** So that the coordinator finds them there. */
export function markBefore(netns: Netns): void {
  within(netns, room => putMarks(room.netfilter, marks))
}

function within<Value>(netns: Netns, act: (room: Room) => Value): Value {
  const room = Room.open(netns.path, dwelling)
  try {
    return act(room)
  } finally {
    room.close()
  }
}
