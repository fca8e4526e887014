// How full a subnet is, for whoever asks: its pools, who waits for them, and what is out of use.

import type { Desk } from './desk.ts'
import type { SubnetUsage } from './messages/subnet.ts'
import type { Quarantine } from './quarantine.ts'
import type { WaitingRoom } from './waiting-room.ts'

interface Parts {
  readonly desk: Desk
  readonly room: WaitingRoom
  readonly quarantine: Quarantine
}

export function usageOf({ desk: { book }, room, quarantine }: Parts): SubnetUsage {
  return {
    pools: book.usage(),
    poolsInUse: book.poolsInUse(),
    waiting: new Map(room.poolNames.map(pool => [pool, room.waiting(pool)])),
    quarantined: [...quarantine.addresses].length
  }
}
