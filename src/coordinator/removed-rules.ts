// A look at the host may be older than an order to remove a rule, or come while that is on its way: what was seen of such a
// rule does not count. Whoever wants it again waits for the end of the removal: orders may overtake one another.

import type { Operation } from '../kernel/operation.ts'
import type { NamespaceView, Rule } from '../kernel/view.ts'
import { ruleKey } from './step.ts'

export class RemovedRules {
  /** How many removals of it are on their way. */
  readonly #pending = new Map<string, number>()
  /** When the last removal of it ended, in removals. */
  readonly #ended = new Map<string, number>()
  readonly #removals = new Set<Promise<unknown>>()
  #count = 0

  /** `work` carries out the operations. */
  async during<Value>(
    operations: readonly Operation[],
    work: () => Promise<Value>
  ): Promise<Value> {
    const keys = operations.flatMap(one =>
      one.type === 'DeleteRule' && one.at === 'Host' ? [ruleKey(one.rule)] : []
    )
    if (keys.length === 0) return work()
    for (const key of keys) this.#pending.set(key, (this.#pending.get(key) ?? 0) + 1)
    const working = work()
    this.#removals.add(working)
    try {
      return await working
    } finally {
      this.#removals.delete(working)
      this.#count += 1
      for (const key of keys) this.#end(key)
    }
  }

  #end(key: string): void {
    const others = (this.#pending.get(key) ?? 0) - 1
    if (others > 0) this.#pending.set(key, others)
    else this.#pending.delete(key)
    this.#ended.set(key, this.#count)
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
        if (this.#count === before && this.#pending.size === 0) return host
        const isThere = (rule: Rule) => {
          const key = ruleKey(rule)
          return !this.#pending.has(key) && (this.#ended.get(key) ?? 0) <= before
        }
        return { ...host, rules: host.rules.filter(isThere) }
      }
    }
  }
}
