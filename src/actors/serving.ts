// Whether a subnet hands out anything now.

import type { Desk } from './desk.ts'
import type { Transfers } from './transfers.ts'
import type { WaitingRoom } from './waiting-room.ts'

export interface Serving {
  readonly desk: Desk
  readonly room: WaitingRoom
  readonly transfers: Transfers
  readonly isDraining: boolean
}

/** Why nothing is handed out now, if so. */
export function judgeServing({ desk, room, transfers, isDraining }: Serving): void {
  if (desk.isEnded) return
  const { custody } = desk
  const why =
    custody.me === undefined
      ? 'this node has not joined the cluster yet'
      : !custody.view.domains.has(desk.domain)
        ? `subnet ${desk.domain} is not under custody yet`
        : desk.isUnconfirmed
          ? 'this node was away, and asks the others what happened meanwhile'
          : isDraining
            ? 'this node is being drained'
            : undefined
  desk.notServing = why
  room.serve()
  transfers.serveMarks()
}
