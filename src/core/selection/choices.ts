// The levels at which something may be said about the pools of an interface, from the pod's annotations down to
// the pools marked default. The first that says anything decides alone.

import { families, type Family } from '../address.ts'
import { subnetPoolName } from '../ip-pool.ts'
import type { Refusal } from '../refusal.ts'
import { namespaceKeys, podKeys } from './annotation-keys.ts'
import type { Level } from './decision.ts'
import type { Facts } from './facts.ts'
import type { Question } from './question.ts'
import { type InterfaceWish, type PoolNames, readNames, type Wishes } from './wishes.ts'

export interface InterfaceChoice {
  readonly ifname: string
  /** Absent: the pools marked default. */
  readonly pools?: PoolNames
  readonly cleanGateway: boolean
  /** The pools are SpiderSubnets to reserve from. */
  readonly reserves?: true
}

/** What one level says: that of the ADD first, then those that are decided along with it. */
export interface Choice {
  readonly level: Level
  readonly interfaces: readonly InterfaceChoice[] | Refusal
}

/** All levels that say anything, in their order; the last one always does. */
export function* choicesOf(question: Question, wishes: Wishes): Generator<Choice> {
  const { key, demand, facts } = question
  const { ifname } = key
  const { cleanGateway } = demand
  const alone = (pools: PoolNames) => [{ ifname, pools, cleanGateway }]
  const { subnets, interfaces } = wishes
  // One entry is for one interface, and says nothing of the others.
  if (subnets !== undefined && (subnets.length > 1 || subnets[0]?.ifname === ifname)) {
    const reserving = ofInterfaces(podKeys.subnets, subnets, question)
    const shaped = 'reason' in reserving ? reserving : reserving.map(reservingFrom)
    yield { level: 'Subnets', interfaces: shaped }
  }
  if (interfaces !== undefined) {
    const shaped = ofInterfaces(podKeys.ippools, interfaces, question)
    yield { level: 'PodInterfaces', interfaces: shaped }
  }
  if (wishes.pools !== undefined) yield { level: 'Pod', interfaces: alone(wishes.pools) }
  const pools = namespacePools(facts)
  if (pools !== undefined) {
    yield { level: 'Namespace', interfaces: 'reason' in pools ? pools : alone(pools) }
  }
  if (demand.pools !== undefined) yield { level: 'Network', interfaces: alone(demand.pools) }
  yield { level: 'Default', interfaces: [{ ifname, cleanGateway }] }
}

/** Of several subnets of a family the first counts, as in Spiderpool. */
function reservingFrom(choice: InterfaceChoice): InterfaceChoice {
  const first = (family: Family) => (choice.pools?.[family] ?? []).slice(0, 1).map(subnetPoolName)
  return { ...choice, pools: { 4: first(4), 6: first(6) }, reserves: true }
}

function ofInterfaces(
  key: string,
  wishes: readonly InterfaceWish[],
  { key: { ifname }, siblings, demand }: Question
): readonly InterfaceChoice[] | Refusal {
  const named = wishes.flatMap(wish => (wish.ifname === undefined ? [] : [wish.ifname]))
  const shaped = wishes.map((wish, i) => ({
    ifname: wish.ifname ?? `#${i}`,
    pools: wish.pools,
    cleanGateway: wish.cleanGateway || demand.cleanGateway
  }))
  const [asked, others] =
    named.length > 0
      ? [
          shaped.find(one => one.ifname === ifname),
          shaped.filter(one => one.ifname !== ifname && !siblings.includes(one.ifname))
        ]
      : [shaped[siblings.length], shaped.slice(siblings.length + 1)]
  if (asked !== undefined) return [{ ...asked, ifname }, ...others]
  const problem =
    named.length > 0
      ? `${key}: names ${named.join(', ')}, and this ADD is for ${ifname}; name all interfaces of the pod`
      : `${key}: has ${wishes.length} entries, and ${ifname} is interface ${siblings.length + 1} of the pod`
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
