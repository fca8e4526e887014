// Which member a person means: by the name of its node, or by its incarnation when several have one name.

import { type ClusterView, living, type Member } from '../core/registry/cluster-view.ts'
import { type Answer, refused } from './answer.ts'

/** A list of everybody helps nobody in a large cluster. */
const namesShown = 16

/** The one living member of this name, or why there is not exactly one. */
export function memberCalled(view: ClusterView, name: string): Member | Answer {
  const called = ({ node, incarnation }: Member) => node === name || incarnation === name
  const found = living(view).filter(called)
  const [member, ...others] = found
  if (member === undefined) return nobodyCalled(view, name, called)
  if (others.length === 0) return member
  const choices = found.map(
    ({ incarnation, index, since }) => `${incarnation} (member ${index}, joined by record ${since})`
  )
  return refused(
    409,
    `${found.length} members are called ${name}; name one of them by its incarnation: ${choices.join(', ')}`,
    { incarnations: found.map(({ incarnation }) => incarnation) }
  )
}

function nobodyCalled(view: ClusterView, name: string, called: (member: Member) => boolean) {
  const gone = [...view.members.values()].findLast(called)
  if (gone?.removed !== undefined) {
    return refused(409, `${gone.node} was removed by record ${gone.removed.fence} already`)
  }
  const names = living(view).map(({ node }) => node)
  const rest = names.length > namesShown ? `, and ${names.length - namesShown} more` : ''
  const known = names.slice(0, namesShown).join(', ') || 'none yet'
  return refused(404, `no member is called ${name}; members are ${known}${rest}`)
}
