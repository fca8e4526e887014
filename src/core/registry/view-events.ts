// What is new in the registry for people: who came and who was removed.

import type { MemberEvent, MemberName } from '../event.ts'
import type { MemberIndex } from '../lease/register.ts'
import type { ClusterView } from './cluster-view.ts'

/** Between two views of one log. */
export function viewEvents(before: ClusterView, after: ClusterView): MemberEvent[] {
  const nameOf = (member: MemberIndex): MemberName => ({
    member,
    node: after.members.get(member)?.node ?? ''
  })
  const events: MemberEvent[] = []
  if (after.members === before.members) return events
  for (const { index, since, removed } of after.members.values()) {
    const known = before.members.get(index)
    if (known === undefined) events.push({ type: 'MemberJoined', ...nameOf(index), record: since })
    if (removed === undefined || known?.removed !== undefined) continue
    const { fence: record, heir, assertion, evidence } = removed
    const why = { record, heir: nameOf(heir), assertion, evidence }
    events.push({ type: 'MemberRemoved', ...nameOf(index), ...why })
  }
  return events
}
