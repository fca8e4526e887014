// Who held which address under which key, and which pods had it: the view that explains a failure.

import { type Address, formatAddress } from '../../src/core/address.ts'
import { keyOf, type MemberIndex } from '../../src/core/lease/register.ts'
import type { Change } from '../../src/ports/attachment-store.ts'
import type { Agenda } from './agenda.ts'
import type { SimNode } from './sim-node.ts'

interface Line {
  /** Undefined: it concerns all addresses. */
  readonly address: Address | undefined
  readonly text: string
}

export class History {
  readonly #agenda: Agenda
  readonly #isKept: boolean
  readonly #lines: Line[] = []

  constructor(agenda: Agenda, isKept: boolean) {
    this.#agenda = agenda
    this.#isKept = isKept
  }

  note(address: Address | undefined, what: string): void {
    if (!this.#isKept) return
    const seconds = (this.#agenda.now / 1_000).toFixed(3).padStart(8)
    this.#lines.push({ address, text: `${seconds} ${what}` })
  }

  onCommitted(node: SimNode, me: MemberIndex | undefined, changes: readonly Change[]): void {
    if (!this.#isKept) return
    const who = `${node.name} (member ${me ?? 'none'})`
    for (const change of changes) this.#committed(node, who, change)
  }

  #committed(node: SimNode, who: string, change: Change): void {
    if (change.type === 'Attach') {
      const { key, assignments } = change.attachment
      for (const { address } of assignments)
        this.note(address, `${who} gives it to ${key.containerId}`)
    } else if (change.type === 'Detach') {
      for (const address of change.addresses) {
        this.note(address, `${who} takes it back from ${change.key.containerId}`)
      }
    } else if (change.type === 'PutRuns') {
      for (const { start, end, register } of change.added) {
        const { owner, writer, wctr } = register
        const what = `${keyOf(register)} of member ${owner}, by member ${writer} at ${wctr}`
        for (const address of node.disk.within(start, end)) this.note(address, `${who} has ${what}`)
      }
    } else if (change.type === 'PutContest') {
      this.note(change.contest.address, `${who} finds it contested`)
    } else if (change.type === 'Reincarnate') {
      this.note(undefined, `${who} becomes incarnation ${change.incarnation.slice(0, 4)}`)
    } else if (change.type === 'ConfirmBoot') {
      this.note(undefined, `${who} is confirmed for ${change.boot}`)
    }
  }

  /** Everything about the addresses that a text names, and what concerns all. */
  about(text: string): string[] {
    const isNamed = ({ address }: Line) =>
      address === undefined ||
      new RegExp(`(?<![\\d.:a-f])${formatAddress(address)}(?![\\d:a-f])`).test(text)
    return this.#lines
      .filter(isNamed)
      .map(({ address, text: line }) =>
        address === undefined ? `   ${line}` : `   ${line}   [${formatAddress(address)}]`
      )
  }
}
