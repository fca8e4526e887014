// A look at both sides before a plan is made: at all of the pod, and of the host at what concerns the interface.

import type { PreviousResult } from '../core/coordination/previous-result.ts'
import type { Kernel, NotPossible } from '../kernel/kernel.ts'
import { type Circumstances, hostLook, podLook } from './circumstances.ts'
import { addressesOf } from './stage.ts'
import type { Views } from './step.ts'

export interface Subject extends Pick<Circumstances, 'settings' | 'key' | 'memory'> {
  readonly result: PreviousResult
  /** Path of the pod's namespace. */
  readonly netns: string
}

/** `msLeft` is asked before each question to the kernel. */
export async function survey(
  kernel: Kernel,
  subject: Subject,
  msLeft: () => number
): Promise<Views | NotPossible> {
  const { settings, key, memory, result, netns } = subject
  const told = result.addresses.map(({ address }) => address)
  const seen = await kernel.observe({
    ...{ netns, host: hostLook(subject, told), budgetMs: msLeft() },
    pod: podLook([key.ifname, settings.podDefaultCniNic, ...memory.tables.keys()])
  })
  if (seen.type === 'NotPossible') return seen
  const { host, pod } = seen
  if (host === undefined || pod === undefined) throw new Error('both sides were asked for')
  const there = addressesOf(pod, key.ifname)
  if (there.every(one => told.includes(one))) return { host, pod }
  // It has more than its main plugin has told: routers give addresses, too.
  const again = await kernel.observe({ host: hostLook(subject, there), budgetMs: msLeft() })
  if (again.type === 'NotPossible') return again
  if (again.host === undefined) throw new Error('the host was asked for')
  return { host: again.host, pod }
}
