// The parents of a node's pods: look, plan, carry out what is missing, take it back when that fails. Nothing of it is
// written down: a parent stays when its pods end, and who was interrupted has his work finished by the next pod.

import { parentPlan, type ParentPlan, type Work } from './parents.ts'
import type { ParentWishes } from '../core/coordination/parent-wishes.ts'
import type { Kernel, NotPossible, Stopped } from '../kernel/kernel.ts'
import type { Operation } from '../kernel/operation.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type {
  ParentExamined,
  ParentMade,
  ParentMaker,
  ParentNotMade
} from '../ports/parent-maker.ts'
import { isThere } from './step.ts'
import { takeBack } from './taking-back.ts'
import { Turns } from './turns.ts'
import { differenceText } from './words.ts'

export interface ParentParts {
  readonly kernel: Kernel
  readonly clock: Clock
  readonly log: Log
}

/** Somebody else may make the same link at the same moment: then it is there, and is looked at again. */
const triesMax = 3

export class NodeParents implements ParentMaker {
  readonly #parts: ParentParts
  readonly #turns = new Turns()

  constructor(parts: ParentParts) {
    this.#parts = parts
  }

  async make(wishes: ParentWishes, budgetMs: number): Promise<ParentMade | ParentNotMade> {
    const deadline = this.#parts.clock.monotonicMs() + budgetMs
    const plan = await this.#plan(wishes, budgetMs)
    if (plan.type === 'NotMade') return plan
    // Nearly always, so pods need not wait for one another.
    if (plan.work.length === 0) return { type: 'Made' }
    return this.#turns.take('host', () => this.#makeAlone(wishes, deadline))
  }

  async #makeAlone(
    wishes: ParentWishes,
    deadline: number,
    triesLeft = triesMax
  ): Promise<ParentMade | ParentNotMade> {
    const { kernel, clock, log } = this.#parts
    const plan = await this.#plan(wishes, deadline - clock.monotonicMs())
    if (plan.type === 'NotMade') return plan
    const operations = plan.work.map(({ operation }) => operation)
    if (operations.length === 0) return { type: 'Made' }
    const outcome = await kernel.carryOut({ operations, budgetMs: deadline - clock.monotonicMs() })
    if (outcome.type === 'Done') return { type: 'Made' }
    // Nobody knows what was done of it; whoever comes next finds out.
    if (outcome.type === 'NotPossible') return notPossible(outcome)
    const { index, code, detail } = outcome
    log.warn({ detail }, 'a parent of pods cannot be made; what was done for it is taken back')
    await takeBack(kernel, undoOf(plan.work.slice(0, index)), undefined, log)
    if (code === 'EEXIST' && triesLeft > 1) return this.#makeAlone(wishes, deadline, triesLeft - 1)
    return { type: 'NotMade', why: 'Failed', detail: reasonOf(outcome, operations[index]) }
  }

  async examine(wishes: ParentWishes, budgetMs: number): Promise<ParentExamined | ParentNotMade> {
    const plan = await this.#plan(wishes, budgetMs)
    if (plan.type === 'Planned') return { type: 'Examined', differences: plan.differences }
    // What is there in the place of the parent is the difference.
    return plan.why === 'Settings' ? { type: 'Examined', differences: [plan.detail] } : plan
  }

  async #plan(wishes: ParentWishes, budgetMs: number): Promise<Planned | ParentNotMade> {
    const seen = await this.#parts.kernel.observe({
      host: { links: true, addresses: true },
      budgetMs
    })
    if (seen.type === 'NotPossible') return notPossible(seen)
    const { host } = seen
    if (host === undefined) throw new Error('the host was asked for')
    const plan = parentPlan(wishes, host)
    if ('problem' in plan) return { type: 'NotMade', why: 'Settings', detail: plan.problem }
    const missing = plan.steps.filter(step => !isThere(step, { host, pod: host }))
    return { type: 'Planned', work: plan.work, differences: missing.map(differenceText) }
  }
}

interface Planned extends Pick<ParentPlan, 'work'> {
  readonly type: 'Planned'
  readonly differences: readonly string[]
}

function undoOf(work: readonly Work[]): readonly Operation[] {
  return work.toReversed().flatMap(({ undo }) => undo)
}

/** Which module the kernel lacks. */
const modules: Readonly<Record<string, string>> = { AddVlan: '8021q', AddBond: 'bonding' }

function reasonOf({ code, detail }: Stopped, operation: Operation | undefined): string {
  const module = operation === undefined ? undefined : modules[operation.type]
  if (code !== 'ENOTSUP' || module === undefined) return detail
  return `${detail}; the kernel of this node needs its module ${module} for that: modprobe ${module}`
}

function notPossible({ why, detail }: NotPossible): ParentNotMade {
  if (why === 'Forbidden') return { type: 'NotMade', why, detail }
  return { type: 'NotMade', why: why === 'Failed' ? 'Failed' : 'Busy', detail }
}
