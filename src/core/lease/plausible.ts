// Whether registers and contests can have come about at all, by the registry as it is known here. Whoever sends
// them has read no more of it than this node, so what it does not explain is a forgery or a mistake.

import type { AddressRange } from '../address-range.ts'
import { AddressSet } from '../address-set.ts'
import type { ClusterView } from '../registry/cluster-view.ts'
import type { Contest } from './contest.ts'
import { compareKeys, retired, type Run, sameRegister } from './register.ts'

/** Those under custody, of a record that exists, and true where they are said to follow from it; and the others. */
export function plausibly(
  view: ClusterView,
  domain: string,
  runs: readonly Run[]
): [plausible: Run[], forged: Run[]] {
  const decided = view.domains.get(domain)?.decided ?? []
  const covered = AddressSet.of(decided)
  const follows = (run: Run) => {
    const same = decided.filter(({ register }) => sameRegister(register, run.register))
    return covers(AddressSet.of(same), run)
  }
  const [plausible, forged]: [Run[], Run[]] = [[], []]
  for (const run of runs) {
    const { fence, writer } = run.register
    const isPlausible =
      fence <= view.index && covers(covered, run) && (writer !== retired || follows(run))
    ;(isPlausible ? plausible : forged).push(run)
  }
  return [plausible, forged]
}

/** Contests that others tell of, without those that are none. */
export function plausibleContests(
  view: ClusterView,
  domain: string,
  contests: readonly Contest[]
): Contest[] {
  const covered = AddressSet.of(view.domains.get(domain)?.decided ?? [])
  return contests.filter(({ address, claims: [one, other] }) => {
    const isPair = compareKeys(one, other) === 0 && !sameRegister(one, other)
    return isPair && one.fence <= view.index && covered.has(address)
  })
}

function covers(set: AddressSet, { start, end }: AddressRange): boolean {
  return AddressSet.of([{ start, end }]).subtract(set).isEmpty
}
