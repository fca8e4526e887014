// A look at the host may be older than an order to remove a rule that was given since: what was seen of such a rule
// does not count. The kernel gets orders in the order in which they are given, so it will be gone.

import type { Operation } from '../kernel/operation.ts'
import type { NamespaceView } from '../kernel/view.ts'
import { ruleKey } from './step.ts'

export class RemovedRules {
  readonly #removed = new Map<string, number>()
  #count = 0

  note(operations: readonly Operation[]): void {
    for (const one of operations) {
      if (one.type === 'DeleteRule' && one.at === 'Host') {
        this.#removed.set(ruleKey(one.rule), (this.#count += 1))
      }
    }
  }

  /** Taken before the host is looked at. */
  look(): { without(host: NamespaceView): NamespaceView } {
    const before = this.#count
    return {
      without: host => ({
        ...host,
        rules: host.rules.filter(rule => (this.#removed.get(ruleKey(rule)) ?? 0) <= before)
      })
    }
  }
}
