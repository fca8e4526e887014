// What a decision of a subnet means for others: addresses to take over, news for the mesh, and for pods that come back.

import type { BindNews } from '../core/lease/binds.ts'
import type { MemberIndex } from '../core/lease/register.ts'
import type { Desk } from './desk.ts'
import type { Testimony } from './testimony.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** Hears for whom addresses are kept, whoever owns them, and of each change; with this node as a member. */
export type OnKept = (news: readonly BindNews[], me: MemberIndex | undefined) => void

interface Parts {
  readonly desk: Desk
  readonly room: WaitingRoom
  readonly testimony: Testimony
}

/** Pods that come back look first where they were. Told with the next message, when everybody is there. */
export function tellKept({ desk }: Parts, onKept: OnKept): void {
  const news = desk.custody.binds.takeNews()
  if (news.length > 0) onKept(news, desk.custody.me)
}

export function inherit({ desk, testimony }: Parts): void {
  if (testimony.isInheriting || !testimony.hasInheritance()) return
  testimony.isInheriting = true
  desk.neighbours.inquest.insist({ type: 'Inherit' })
}

export function noteDown({ desk, room }: Parts): void {
  const pools = room.poolNames.map(pool => ({
    pool,
    holding: desk.holding(pool, room.waiting(pool))
  }))
  const hash = desk.custody.map.hash()
  desk.neighbours.synchroniser.insist({ type: 'Noted', domain: desk.domain, hash, pools })
}
