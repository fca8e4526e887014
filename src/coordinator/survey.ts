// A look at both sides before a plan is made: at all of the pod, and of the host at what concerns the interface.

import { type Address, type Family, familyOf } from '../core/address.ts'
import type { PreviousResult } from '../core/coordination/previous-result.ts'
import type { Kernel, NotPossible } from '../kernel/kernel.ts'
import { scopes } from '../kernel/view.ts'
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
  const { key, result, netns } = subject
  const told = result.addresses.map(({ address }) => address)
  const look = async (
    addresses: readonly Address[],
    families: ReadonlySet<Family>
  ): Promise<Views | NotPossible> => {
    const seen = await kernel.observe({
      ...{ netns, budgetMs: msLeft() },
      host: hostLook(subject, addresses),
      pod: podLook(subject, families)
    })
    if (seen.type === 'NotPossible') return seen
    const { host, pod } = seen
    if (host === undefined || pod === undefined) throw new Error('both sides were asked for')
    return { host, pod }
  }
  const expected = new Set([
    ...told.map(familyOf),
    ...result.routes.map(({ destination }) => destination.family)
  ])
  const seen = await look(told, expected)
  if ('type' in seen) return seen
  // It may have more than its main plugin has told: routers give addresses, too, and other interfaces may be there.
  const own = addressesOf(seen.pod, key.ifname)
  const everyone = seen.pod.addresses.filter(({ scope }) => scope === scopes.universe)
  const families = new Set([...expected, ...everyone.map(({ address }) => familyOf(address))])
  return families.size === expected.size && own.every(one => told.includes(one))
    ? seen
    : look([...new Set([...told, ...own])], families)
}
