// Why an ADD gets what it gets, or would: the levels, every candidate, every filter's verdict, how full each pool is.

import { formatAddress } from '../address.ts'
import type { PoolUsage, Refusal } from '../refusal.ts'
import { type Applicant, misfitText } from './affinity.ts'
import { choicesOf } from './choices.ts'
import { decideChoice, wishesOf } from './decide.ts'
import { type Decision, type Level, levelTexts } from './decision.ts'
import type { Question } from './question.ts'

export interface PoolExplanation {
  readonly pool: string
  /** Why it may not serve; absent when it may. */
  readonly misfit?: string
  /** Absent when nobody has counted. */
  readonly usage?: PoolUsage
}

export interface FamilyExplanation {
  readonly family: 4 | 6
  /** Asked for by name. */
  readonly requested: readonly string[]
  /** What is kept for the pod and may be had again: this one and no other. */
  readonly kept?: string
  /** What its application has reserved, under the name of the pool that Spiderpool would make. */
  readonly reserved?: {
    readonly name: string
    readonly size: number
    readonly addresses: readonly string[]
  }
  /** Those that may serve in the order to try, among those that may not. */
  readonly candidates: readonly PoolExplanation[]
}

export interface LevelExplanation {
  readonly level: Level
  readonly source: string
  /** Only one decides; what a lower level says does not count, even when nothing of this one can be had. */
  readonly decides: boolean
  readonly interfaces: readonly {
    readonly ifname: string
    readonly families: readonly FamilyExplanation[]
  }[]
  readonly refusal?: Refusal
}

export interface Explanation {
  /** Those that say anything, in their order. */
  readonly levels: readonly LevelExplanation[]
  /** Before any level: the annotations cannot be read. */
  readonly refusal?: Refusal
}

/** Of a real ADD or of one that is only thought of; `usages` is by the name of the pool. */
export function explain(
  question: Question,
  usages: ReadonlyMap<string, PoolUsage> = new Map()
): Explanation {
  const wishes = wishesOf(question)
  if ('reason' in wishes) return { levels: [], refusal: wishes }
  const levels: LevelExplanation[] = []
  for (const choice of choicesOf(question, wishes)) {
    const decision = decideChoice(question, wishes, choice)
    levels.push({
      ...{ level: choice.level, source: levelTexts[choice.level], decides: levels.length === 0 },
      interfaces: interfacesOf(question, decision, usages),
      ...(decision.refusal !== undefined && { refusal: decision.refusal })
    })
  }
  return { levels }
}

function interfacesOf(
  { pod, facts, demand }: Question,
  { interfaces }: Decision,
  usages: ReadonlyMap<string, PoolUsage>
): LevelExplanation['interfaces'] {
  const annotations = { ...facts.pod?.annotations, ...demand.annotations }
  return interfaces.map(({ ifname, families }) => {
    const { parent } = demand
    const applicant: Applicant = {
      ...(pod.namespace !== undefined && { namespace: pod.namespace }),
      ...(parent !== undefined && { parent }),
      ...{ ifname, annotations, facts }
    }
    return {
      ifname,
      families: families.map(({ family, requested, kept, reserved, verdicts }) => ({
        family,
        requested: requested.map(formatAddress),
        ...(kept !== undefined && { kept: formatAddress(kept) }),
        ...(reserved !== undefined && {
          reserved: { ...reserved, addresses: reserved.addresses.map(formatAddress) }
        }),
        candidates: verdicts.map(({ pool, misfit }) => {
          const usage = usages.get(pool.name)
          return {
            pool: pool.name,
            ...(misfit !== undefined && { misfit: misfitText(pool, misfit, applicant) }),
            ...(usage !== undefined && { usage })
          }
        })
      }))
    }
  })
}
