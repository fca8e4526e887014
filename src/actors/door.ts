// The guards at the door: what of a message from outside may come in at all. They judge who says it, not what it
// says; the registers inside are judged where they are merged.

import type { Rules } from '../core/lease/rules.ts'
import { type Envelope, type Greeting, isGreeting, type Speaker } from '../core/protocol.ts'
import type { ClusterView, Member } from '../core/registry/cluster-view.ts'

export type Entry =
  | { readonly type: 'In'; readonly member: Member }
  /** A message that makes a session, so it is bound to none. */
  | { readonly type: 'Greeting'; readonly member: Member; readonly body: Greeting }
  | { readonly type: 'Out'; readonly guard: Guard; readonly member?: Member }

export type Guard =
  /** Nothing is known of any cluster yet. */
  | 'unfounded'
  /** G1: of another cluster. */
  | 'cluster'
  /** Of nobody whom the registry has, as far as it is known here. */
  | 'stranger'
  /** In the name of a member whose key is another one. */
  | 'forged'
  /** G3: of a member that was removed. */
  | 'fence'
  /** G4: meant for an earlier process, or another incarnation. */
  | 'addressee'
  /** G4: of a process that has not answered a challenge of this one. */
  | 'session'
  /** G2: of somebody who knows more of the registry. */
  | 'registry'

export interface Doorway {
  readonly view: ClusterView
  readonly rules: Rules
  /** This process. */
  readonly own: Speaker
  believes(speaker: Speaker): boolean
}

/** `peer` is who brought it, as the connection proves. */
export function judgeEntry(
  { view, rules, own, believes }: Doorway,
  peer: string,
  { cluster, from, to, registry, body }: Envelope
): Entry {
  if (view.cluster === undefined) return { type: 'Out', guard: 'unfounded' }
  if (cluster !== '' && cluster !== view.cluster) return { type: 'Out', guard: 'cluster' }
  const member = view.byIncarnation.get(from.incarnation)
  if (member === undefined) return { type: 'Out', guard: 'stranger' }
  if (member.peer !== peer) return { type: 'Out', guard: 'forged', member }
  if (rules.fence && member.removed !== undefined) return { type: 'Out', guard: 'fence', member }
  if (isGreeting(body)) return { type: 'Greeting', member, body }
  if (rules.addressee && !sameSpeaker(to, own)) return { type: 'Out', guard: 'addressee', member }
  if (rules.session && !believes(from)) return { type: 'Out', guard: 'session', member }
  if (rules.registryFirst && registry > view.index)
    return { type: 'Out', guard: 'registry', member }
  return { type: 'In', member }
}

function sameSpeaker(a: Speaker | undefined, b: Speaker): boolean {
  return (
    a?.incarnation === b.incarnation &&
    a.session.opened === b.session.opened &&
    a.session.id === b.session.id
  )
}
