// Undoing is for a world that has gone on: what is not there any more needs no removing.

import type { Kernel } from '../kernel/kernel.ts'
import type { Operation } from '../kernel/operation.ts'
import type { Log } from '../ports/log.ts'

/** For all of it; the kernel needs a hundredth of that for a pod. */
const undoMsMax = 5_000

/**
 * Carry out as much as can be. `netns` is undefined when the pod's namespace is gone, and everything in it. False when
 * the kernel could not be asked: then nobody knows how much is done, and it has to be asked for again.
 */
export async function takeBack(
  kernel: Kernel,
  operations: readonly Operation[],
  netns: string | undefined,
  log: Log
): Promise<boolean> {
  let path = netns
  let rest = path === undefined ? onHost(operations) : operations
  while (rest.length > 0) {
    const needsPod = rest.some(({ at }) => at === 'Pod')
    const outcome = await kernel.carryOut({
      ...{ operations: rest, budgetMs: undoMsMax },
      ...(needsPod && path !== undefined && { netns: path })
    })
    if (outcome.type === 'Done') return true
    if (outcome.type === 'Stopped') {
      const { index, code, detail } = outcome
      log.debug({ code, detail }, 'a step could not be taken back')
      rest = rest.slice(index + 1)
    } else if (outcome.why === 'NoNamespace' && path !== undefined) {
      path = undefined
      rest = onHost(rest)
    } else {
      log.warn(
        { why: outcome.why, detail: outcome.detail },
        'what was done for a pod could not be taken back yet'
      )
      return false
    }
  }
  return true
}

function onHost(operations: readonly Operation[]): readonly Operation[] {
  return operations.filter(({ at }) => at === 'Host')
}
