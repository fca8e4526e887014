// A look at the host may be older than an order to remove a rule that was given since: what was seen of such a rule
// does not count. Whoever wants it again waits for the end of the removal: orders may overtake one another.

import type { Operation } from '../kernel/operation.ts'
import type { NamespaceView, Rule } from '../kernel/view.ts'
import { ruleKey } from './step.ts'

export class RemovedRules {
  readonly #removed = new Map<string, number>()
  readonly #removals = new Set<Promise<unknown>>()
  #count = 0

  /** `work` carries out the operations. */
  async during<Value>(
    operations: readonly Operation[],
    work: () => Promise<Value>
  ): Promise<Value> {
    const rules = operations.flatMap(one =>
      one.type === 'DeleteRule' && one.at === 'Host' ? [one.rule] : []
    )
    for (const rule of rules) this.#removed.set(ruleKey(rule), (this.#count += 1))
    const working = work()
    if (rules.length === 0) return working
    this.#removals.add(working)
    try {
      return await working
    } finally {
      this.#removals.delete(working)
    }
  }

  /** Before these operations are carried out. */
  async settle(operations: readonly Operation[]): Promise<void> {
    if (!operations.some(({ type, at }) => type === 'PutRule' && at === 'Host')) return
    await Promise.allSettled(this.#removals)
  }

  /** Taken before the host is looked at. */
  look(): { without(host: NamespaceView): NamespaceView } {
    const before = this.#count
    return {
      without: host => {
        if (this.#count === before) return host
        const isThere = (rule: Rule) => (this.#removed.get(ruleKey(rule)) ?? 0) <= before
        return { ...host, rules: host.rules.filter(isThere) }
      }
    }
  }
}
