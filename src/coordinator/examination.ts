// CHECK: is everything that was done still there? What a later interface of the same pod has changed on purpose is no
// difference.

import type { Kernel, NotPossible } from '../kernel/kernel.ts'
import { everything } from '../kernel/kernel.ts'
import type { JournalKey } from '../ports/coordination-journal.ts'
import type { Examined } from '../ports/coordinator.ts'
import type { Deed } from './deed.ts'
import type { Deeds } from './deeds.ts'
import { podVethName, replyMark } from './numbers.ts'
import { isThere, type Step } from './step.ts'
import { differenceText } from './words.ts'

/** More would not be read by anybody. */
const differencesMax = 10

export async function examine(
  kernel: Kernel,
  deeds: Deeds,
  key: JournalKey,
  netns: string,
  budgetMs: number
): Promise<Examined | NotPossible> {
  const deed = deeds.get(key)
  const steps = deed === undefined ? [] : stepsOf(deed, deeds)
  const sysctls = steps.flatMap(step => (step.type === 'SetSysctl' ? [step.key] : []))
  const marks = { link: podVethName, mark: replyMark }
  const seen = await kernel.observe({
    ...{ netns, budgetMs, host: everything },
    pod: { ...everything, sysctls, marks }
  })
  if (seen.type === 'NotPossible') return seen
  const { host, pod } = seen
  if (host === undefined || pod === undefined) throw new Error('both sides were asked for')
  const differences = steps.filter(step => !isThere(step, { host, pod })).map(differenceText)
  const rest = differences.length - differencesMax
  return {
    type: 'Examined',
    differences: [
      ...differences.slice(0, differencesMax),
      ...(rest > 0 ? [`and ${rest} differences more`] : [])
    ]
  }
}

/** The steps of a deed that no later deed has put another one in the place of. */
function stepsOf(deed: Deed, deeds: Deeds): Step[] {
  return deed.items
    .filter(item => !deeds.isReplaced(deed, item))
    .map(({ step }) => step)
    .filter(isExamined)
}

/** What was in the way on the host is another one's to put back. */
function isExamined({ type, at }: Step): boolean {
  return !type.startsWith('Delete') || (type === 'DeleteRoute' && at === 'Pod')
}
