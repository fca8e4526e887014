// What takes back a step where somebody else had brought about the same thing before.

import type { Operation } from '../kernel/operation.ts'
import type { Item } from './deed.ts'
import { isSame } from './same.ts'
import type { Step } from './step.ts'

/** What takes back this step where that of `item` was brought about before. */
export function inherited({ step: earlier, undo }: Item, step: Step): readonly Operation[] {
  // It was there before anybody wanted it.
  if (undo.length === 0) return isSame(earlier, step) ? [] : [earlier]
  if (step.type !== 'PutRoute') return undo
  // Where the earlier one would have removed its own route, the later one removes its.
  const { route } = step
  return undo.map(one => (one.type === 'DeleteRoute' ? { ...one, route } : one))
}
