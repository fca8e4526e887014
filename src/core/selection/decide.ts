// The choice of pools: precedence, names and wildcards, filters, order. One function for the allocator and for
// whoever wants to know why.

import { type Address, families, type Family, familyOf } from '../address.ts'
import type { AttachmentKey, Pod } from '../attachment.ts'
import type { Demand } from '../demand.ts'
import type { IpPool } from '../ip-pool.ts'
import type { Refusal } from '../refusal.ts'
import { type Applicant, generality, misfitOf, misfitText } from './affinity.ts'
import { namespaceKeys, podKeys } from './annotation-keys.ts'
import type { Decision, FamilyDecision, InterfaceDecision, Level, Verdict } from './decision.ts'
import type { Facts } from './facts.ts'
import { extraNetworks } from './networks.ts'
import { type InterfaceWish, type PoolNames, readNames, readWishes, type Wishes } from './wishes.ts'
import { isWildcard, wildcardOf } from './wildcard.ts'

export interface Question {
  readonly key: Pick<AttachmentKey, 'ifname'>
  readonly pod: Pod
  readonly demand: Demand
  readonly facts: Facts
  readonly pools: ReadonlyMap<string, IpPool>
  /** Names of the sandbox's interfaces that have their addresses already. */
  readonly siblings: readonly string[]
}

/** More would not be read by anybody. */
const shownReasons = 8

/** Decide for the interface of an ADD, and for those that are decided along with it. */
export function decide(question: Question): Decision {
  const annotations = { ...question.facts.pod?.annotations, ...question.demand.annotations }
  const wishes = readWishes(annotations)
  if ('problems' in wishes)
    return refused({ reason: 'AnnotationInvalid', problems: wishes.problems })
  const unsupported = [podKeys.subnets, podKeys.subnet].find(key => annotations[key] !== undefined)
  if (unsupported !== undefined) {
    const problem = `${unsupported}: this release knows no SpiderSubnet; name pools by ${podKeys.ippools}`
    return refused({ reason: 'AnnotationInvalid', problems: [problem] })
  }
  const choice = choose(question, wishes)
  if ('reason' in choice) return refused(choice)
  const interfaces: InterfaceDecision[] = []
  for (const { ifname, ...wish } of choice.interfaces) {
    const applicant: Applicant = {
      ...(question.pod.namespace !== undefined && { namespace: question.pod.namespace }),
      ifname,
      annotations,
      facts: question.facts
    }
    const isAsked = ifname === choice.interfaces[0]?.ifname
    const requested = isAsked ? requestedOf(question, wishes) : wishes.addresses.get(ifname)
    const decided = decideInterface(wish, applicant, requested ?? [], question.pools)
    if ('reason' in decided) return { ...refused(decided), level: choice.level }
    interfaces.push(decided)
  }
  const known = new Set([...question.siblings, ...interfaces.map(({ ifname }) => ifname)])
  const extra = extraNetworks(annotations, question.pod.namespace ?? 'default') ?? []
  const isMoreExpected = extra.some(({ ifname }) => !known.has(ifname))
  return { level: choice.level, interfaces, routes: wishes.routes, isMoreExpected }
}

interface Choice {
  readonly level: Level
  readonly interfaces: readonly {
    readonly ifname: string
    /** Absent: the pools marked default. */
    readonly pools?: PoolNames
    readonly cleanGateway: boolean
  }[]
}

/** The first level that says anything decides alone. */
function choose(question: Question, wishes: Wishes): Choice | Refusal {
  const { key, demand } = question
  const { ifname } = key
  const { cleanGateway } = demand
  const alone = (level: Level, pools: PoolNames): Choice => ({
    level,
    interfaces: [{ ifname, pools, cleanGateway }]
  })
  if (wishes.interfaces !== undefined) {
    const interfaces = ofInterfaces(wishes.interfaces, question)
    return 'reason' in interfaces ? interfaces : { level: 'PodInterfaces', interfaces }
  }
  if (wishes.pools !== undefined) return alone('Pod', wishes.pools)
  const ofNamespace = namespacePools(question.facts)
  if (ofNamespace !== undefined) {
    return 'reason' in ofNamespace ? ofNamespace : alone('Namespace', ofNamespace)
  }
  if (demand.pools !== undefined) return alone('Network', demand.pools)
  return { level: 'Default', interfaces: [{ ifname, cleanGateway }] }
}

function ofInterfaces(
  wishes: readonly InterfaceWish[],
  { key, siblings, demand }: Question
): Choice['interfaces'] | Refusal {
  const named = wishes.flatMap(wish => (wish.ifname === undefined ? [] : [wish.ifname]))
  const shaped = wishes.map((wish, i) => ({
    ifname: wish.ifname ?? `#${i}`,
    pools: wish.pools,
    cleanGateway: wish.cleanGateway || demand.cleanGateway
  }))
  const [asked, others] =
    named.length > 0
      ? [
          shaped.find(({ ifname }) => ifname === key.ifname),
          shaped.filter(({ ifname }) => ifname !== key.ifname && !siblings.includes(ifname))
        ]
      : [shaped[siblings.length], shaped.slice(siblings.length + 1)]
  if (asked !== undefined) return [{ ...asked, ifname: key.ifname }, ...others]
  const problem =
    named.length > 0
      ? `${podKeys.ippools}: names ${named.join(', ')}, and this ADD is for ${key.ifname}; name all interfaces of the pod`
      : `${podKeys.ippools}: has ${wishes.length} entries, and ${key.ifname} is interface ${siblings.length + 1} of the pod`
  return { reason: 'AnnotationInvalid', problems: [problem] }
}

function namespacePools({ namespace }: Facts): PoolNames | Refusal | undefined {
  const pools: Record<Family, readonly string[]> = { 4: [], 6: [] }
  const problems: string[] = []
  for (const family of families) {
    const text = namespace?.annotations[namespaceKeys[family]]
    if (text === undefined) continue
    const names = readNames(namespaceKeys[family], text)
    if ('problems' in names) problems.push(...names.problems)
    else pools[family] = names
  }
  if (problems.length > 0) return { reason: 'AnnotationInvalid', problems }
  return pools[4].length + pools[6].length > 0 ? pools : undefined
}

/** Of the ways to name an address the network configuration's is the closest to the interface. */
function requestedOf({ demand, key }: Question, { addresses }: Wishes): readonly Address[] {
  if (demand.requested.length > 0) return demand.requested
  return addresses.get(key.ifname) ?? addresses.get(undefined) ?? []
}

function decideInterface(
  wish: Omit<Choice['interfaces'][number], 'ifname'>,
  applicant: Applicant,
  requested: readonly Address[],
  pools: ReadonlyMap<string, IpPool>
): InterfaceDecision | Refusal {
  const { ifname } = applicant
  const decided: FamilyDecision[] = []
  for (const family of families) {
    const candidates =
      wish.pools === undefined ? marked(family, pools) : named(wish.pools[family], family, pools)
    if ('reason' in candidates) return candidates
    if (candidates.length === 0 && wish.pools !== undefined && wish.pools[family].length > 0) {
      const names = wish.pools[family].join(', ')
      return { reason: 'NoPoolFits', why: [`no pool of IPv${family} has a name like ${names}`] }
    }
    const verdicts = candidates.map((pool): Verdict => {
      const misfit = misfitOf(pool, family, applicant)
      return misfit === undefined ? { pool } : { pool, misfit }
    })
    const fits = verdicts.some(({ misfit }) => misfit === undefined)
    // One family without the other would be half of what was configured, and nobody would notice.
    if (!fits && verdicts.length > 0) return noneFits(verdicts, applicant)
    const asked = requested.filter(address => familyOf(address) === family)
    if (fits || asked.length > 0) decided.push({ family, verdicts, requested: asked })
  }
  if (decided.length > 0) return { ifname, cleanGateway: wish.cleanGateway, families: decided }
  const why =
    'neither the pod, its namespace nor the network configuration names a pool, and no pool is marked default'
  return { reason: 'NoPoolFits', why: [why] }
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
    const like = [...pools.values()].filter(pool => pool.family === family && isLike(pool.name))
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

function noneFits(verdicts: readonly Verdict[], applicant: Applicant): Refusal {
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
