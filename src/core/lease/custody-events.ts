// What a change of custody means for people: which addresses came, which went, and whose word it was.

import type { LeaseEvent, MemberName } from '../event.ts'
import type { ClusterView } from '../registry/cluster-view.ts'
import type { CustodyChange } from './custody-change.ts'
import { LeaseMap, type MapChange } from './lease-map.ts'
import type { OpenGrant } from './open-grant.ts'
import { type MemberIndex, type Register, retired, type Run, sameRegister } from './register.ts'

/** Where a change is about to be applied. */
export interface CustodyPlace {
  readonly domain: string
  readonly me: MemberIndex | undefined
  readonly view: ClusterView
  openGrant(wctr: number): OpenGrant | undefined
}

/** One event for each way in which addresses move, and each counterpart; nothing of what others pass to others. */
export function custodyEvents(change: CustodyChange, place: CustodyPlace): LeaseEvent[] {
  const { domain: subnet } = place
  const nameOf = (member: MemberIndex): MemberName => ({
    member,
    node: place.view.members.get(member)?.node ?? ''
  })
  const moves = Map.groupBy(movesOf(change.runs, place.me), ({ move }) => move)
  const events: LeaseEvent[] = []
  for (const [move, pieces] of moves) {
    if (move === undefined) continue
    for (const [member, some] of Map.groupBy(pieces, piece => piece.counterpart)) {
      const runs = some.map(({ run }) => run)
      events.push(eventOf(move, { subnet, runs }, nameOf(member), change.grant))
    }
  }
  for (const wctr of change.closed) {
    const grant = place.openGrant(wctr)
    if (grant !== undefined) events.push({ type: 'GrantClosed', subnet, to: nameOf(grant.to) })
  }
  for (const { address, claims } of change.contests) {
    const [first, second] = claims
    const owners = [nameOf(first.owner), nameOf(second.owner)] as const
    events.push({ type: 'Contested', subnet, address, claims: owners })
  }
  return events
}

type Move = Extract<LeaseEvent, { readonly runs: unknown }>['type']

interface Piece {
  readonly run: Run
  readonly move: Move | undefined
  readonly counterpart: MemberIndex
}

function eventOf(
  type: Move,
  of: { readonly subnet: string; readonly runs: readonly Run[] },
  counterpart: MemberName,
  grant: OpenGrant | undefined
): LeaseEvent {
  switch (type) {
    case 'LeaseGranted':
      return { type, ...of, to: counterpart, pool: grant?.pool ?? '', request: grant?.id ?? 0 }
    case 'LeaseReceived':
      return { type, ...of, from: counterpart }
    case 'LeaseReclaimed':
      return { type, ...of, owner: counterpart }
    case 'LeaseLost':
      return { type, ...of, to: counterpart }
    case 'LeaseAssigned':
    case 'LeaseRetired':
      return { type, ...of }
  }
}

/** A stored run grows by what comes to lie beside it: only the addresses whose register is another one moved. */
function* movesOf({ removed, added }: MapChange, me: MemberIndex | undefined): Generator<Piece> {
  const before = LeaseMap.of(removed)
  for (const { start, end, register } of added) {
    let at = start as bigint
    for (const held of before.within({ start, end })) {
      if (at < held.start)
        yield pieceOf({ start: at as Run['start'], end: held.start, register }, undefined, me)
      if (!sameRegister(held.register, register)) {
        yield pieceOf({ start: held.start, end: held.end, register }, held.register, me)
      }
      at = held.end
    }
    if (at < end) yield pieceOf({ start: at as Run['start'], end, register }, undefined, me)
  }
}

function pieceOf(run: Run, held: Register | undefined, me: MemberIndex | undefined): Piece {
  const { owner, writer } = run.register
  const wasMine = me !== undefined && held?.owner === me
  const piece = (move: Move | undefined, counterpart = owner): Piece => ({ run, move, counterpart })
  if (owner === me) {
    // Whom it is kept for has changed.
    if (wasMine) return piece(undefined)
    if (writer === retired) return piece('LeaseAssigned')
    return writer === me ? piece('LeaseReclaimed') : piece('LeaseReceived', writer)
  }
  if (wasMine) {
    if (owner === retired) return piece('LeaseRetired')
    return writer === me ? piece('LeaseGranted') : piece('LeaseLost')
  }
  return piece(writer === me && me !== undefined ? 'LeaseReclaimed' : undefined)
}
