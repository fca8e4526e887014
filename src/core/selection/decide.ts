// The choice of pools: precedence, names and wildcards, filters, order. One function for the allocator and for
// whoever wants to know why.

import { type Address, families, type Family, familyOf } from '../address.ts'
import type { IpPool } from '../ip-pool.ts'
import type { Refusal } from '../refusal.ts'
import { type Applicant, generality, misfitOf, misfitText } from './affinity.ts'
import { type Choice, choicesOf, type InterfaceChoice } from './choices.ts'
import type { Decision, FamilyDecision, InterfaceDecision, Verdict } from './decision.ts'
import type { Annotations } from './facts.ts'
import { withKept, withReserved } from './keeping.ts'
import { extraNetworks } from './networks.ts'
import type { Question } from './question.ts'
import { isWildcard, wildcardOf } from './wildcard.ts'
import { readWishes, type Wishes } from './wishes.ts'

/** More would not be read by anybody. */
const shownReasons = 8

const noWishes: Wishes = { routes: [], addresses: new Map() }

/** Decide for the interface of an ADD, and for those that are decided along with it. */
export function decide(question: Question): Decision {
  const wishes = wishesOf(question)
  if ('reason' in wishes) return refused(wishes)
  const { value: choice } = choicesOf(question, wishes).next() as { value: Choice }
  return decideChoice(question, wishes, choice)
}

/** What the pod's annotations say, whoever has told them. */
export function wishesOf(question: Question): Wishes | Refusal {
  const annotations = annotationsOf(question)
  // Most pods say nothing.
  if (Object.keys(annotations).length === 0) return noWishes
  const wishes = readWishes(annotations)
  return 'problems' in wishes ? { reason: 'AnnotationInvalid', problems: wishes.problems } : wishes
}

/** What comes of one level's choice. */
export function decideChoice(question: Question, wishes: Wishes, choice: Choice): Decision {
  const { level } = choice
  if ('reason' in choice.interfaces) return { ...refused(choice.interfaces), level }
  const annotations = annotationsOf(question)
  const { namespace } = question.pod
  const { parent } = question.demand
  const interfaces: InterfaceDecision[] = []
  for (const [i, wish] of choice.interfaces.entries()) {
    // Nobody says yet of which devices the others will be.
    const isAsking = wish.ifname === question.key.ifname
    const applicant: Applicant = {
      ...(namespace !== undefined && { namespace }),
      ...(isAsking && parent !== undefined && { parent }),
      ...{ ifname: wish.ifname, annotations, facts: question.facts }
    }
    const requested = i === 0 ? requestedOf(question, wishes) : wishes.addresses.get(wish.ifname)
    const { decided, refusal } = decideInterface(wish, applicant, requested ?? [], question.pools)
    const reserving =
      wish.reserves && refusal === undefined && withReserved(decided, question, annotations)
    if (reserving && 'reason' in reserving) return { ...refused(reserving), level, interfaces }
    interfaces.push(reserving || withKept(decided, question.keeps, annotations))
    if (refusal !== undefined) return { ...refused(refusal), level, interfaces }
  }
  const known = new Set([...question.siblings, ...interfaces.map(({ ifname }) => ifname)])
  const extra = extraNetworks(annotations, namespace ?? 'default') ?? []
  const isMoreExpected = extra.some(({ ifname }) => !known.has(ifname))
  return { level, interfaces, routes: wishes.routes, isMoreExpected }
}

function annotationsOf({ facts, demand }: Question): Annotations {
  return { ...facts.pod?.annotations, ...demand.annotations }
}

/** Of the ways to name an address the network configuration's is the closest to the interface. */
function requestedOf({ demand, key }: Question, { addresses }: Wishes): readonly Address[] {
  if (demand.requested.length > 0) return demand.requested
  return addresses.get(key.ifname) ?? addresses.get(undefined) ?? []
}

/** With a refusal what was found until then, for whoever wants to know why. */
function decideInterface(
  { ifname, cleanGateway, pools: names }: InterfaceChoice,
  applicant: Applicant,
  requested: readonly Address[],
  pools: ReadonlyMap<string, IpPool>
): { readonly decided: InterfaceDecision; readonly refusal?: Refusal } {
  const found: FamilyDecision[] = []
  const decided = { ifname, cleanGateway, families: found }
  for (const family of families) {
    const candidates =
      names === undefined ? marked(family, pools) : named(names[family], family, pools)
    if ('reason' in candidates) return { decided, refusal: candidates }
    const verdicts = candidates.map((pool): Verdict => {
      const misfit = misfitOf(pool, family, applicant)
      return misfit === undefined ? { pool } : { pool, misfit }
    })
    const asked = requested.filter(address => familyOf(address) === family)
    if (verdicts.length + asked.length > 0) found.push({ family, verdicts, requested: asked })
    const isWanted = verdicts.length > 0 || (names !== undefined && names[family].length > 0)
    // One family without the other would be half of what was configured, and nobody would notice.
    if (isWanted && verdicts.every(({ misfit }) => misfit !== undefined)) {
      return { decided, refusal: noneFits(verdicts, applicant, family, names?.[family] ?? []) }
    }
  }
  if (found.length > 0) return { decided }
  const why =
    'neither the pod, its namespace nor the network configuration names a pool, and no pool is marked default'
  return { decided, refusal: { reason: 'NoPoolFits', why: [why] } }
}

/** The pools of a list in its order; those of one wildcard in that of `byGenerality`. */
function named(
  names: readonly string[],
  family: Family,
  pools: ReadonlyMap<string, IpPool>
): readonly IpPool[] | Refusal {
  const found = new Set<IpPool>()
  for (const name of names) {
    if (!isWildcard(name)) {
      const pool = pools.get(name)
      if (pool === undefined) return { reason: 'PoolUnknown', pool: name, known: [...pools.keys()] }
      found.add(pool)
      continue
    }
    const isLike = wildcardOf(name)
    if (isLike === undefined) return { reason: 'NoPoolFits', why: [`"${name}" is no pattern`] }
    const like = [...pools.values()].filter(
      pool => pool.family === family && !pool.isSubnet && isLike(pool.name)
    )
    for (const pool of like.sort(byGenerality)) found.add(pool)
  }
  return [...found]
}

function marked(family: Family, pools: ReadonlyMap<string, IpPool>): readonly IpPool[] {
  return [...pools.values()]
    .filter(pool => pool.isDefault && pool.family === family)
    .sort(byGenerality)
}

/** The more particular ones first, equal ones by name: on every node alike. */
function byGenerality(a: IpPool, b: IpPool): number {
  return generality(a) - generality(b) || (a.name < b.name ? -1 : 1)
}

function noneFits(
  verdicts: readonly Verdict[],
  applicant: Applicant,
  family: Family,
  names: readonly string[]
): Refusal {
  if (verdicts.length === 0) {
    const why = `no pool of IPv${family} has a name like ${names.join(', ')}`
    return { reason: 'NoPoolFits', why: [why] }
  }
  const reasons = verdicts
    .slice(0, shownReasons)
    .flatMap(({ pool, misfit }) =>
      misfit === undefined ? [] : [misfitText(pool, misfit, applicant)]
    )
  const rest = verdicts.length - reasons.length
  return { reason: 'NoPoolFits', why: rest > 0 ? [...reasons, `and ${rest} more`] : reasons }
}

function refused(refusal: Refusal): Decision {
  return { interfaces: [], routes: [], isMoreExpected: false, refusal }
}
