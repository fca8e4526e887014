// What a subnet tells people of its state.

import type { Desk } from './desk.ts'
import type { Quarantine } from './quarantine.ts'
import type { WaitingRoom } from './waiting-room.ts'

interface Seen {
  readonly desk: Desk
  readonly room: WaitingRoom
  readonly quarantine: Quarantine
  readonly isDraining: boolean
  readonly isBehind: boolean
  readonly reachable: ReadonlySet<number>
  readonly waitsFor: readonly number[]
}

export function subnetView(seen: Seen): unknown {
  const { desk, room, quarantine, isDraining, isBehind, reachable, waitsFor } = seen
  const { custody, book, domain, notServing, isUnconfirmed } = desk
  return {
    ...{ domain, me: custody.me, notServing, isDraining, isBehind, isUnconfirmed },
    ...{ reachable, waitsFor, blocks: custody.map.runs().length, mine: book.mine },
    pools: book.usage(),
    waiting: Object.fromEntries(room.poolNames.map(pool => [pool, room.waiting(pool)])),
    quarantined: [...quarantine.addresses],
    grants: custody.grants.map(({ wctr, to, pool, runs }) => ({
      wctr,
      to,
      pool,
      runs: runs.length
    })),
    contests: custody.contests
  }
}
