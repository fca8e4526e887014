// A coordinator that writes down what it is told and answers as it is told to.

import type { AttachmentKey } from '../../src/core/attachment.ts'
import { keyText } from '../../src/core/attachment.ts'
import type {
  CoordinationOrder,
  Coordinated,
  Coordinator,
  Examined,
  NotCoordinated
} from '../../src/ports/coordinator.ts'
import type { JournalKey } from '../../src/ports/coordination-journal.ts'
import type { Moment } from '../../src/core/sandbox.ts'

export class MemoryCoordinator implements Coordinator {
  readonly orders: CoordinationOrder[] = []
  readonly undone: { readonly key: JournalKey; readonly began: Moment }[] = []
  readonly collected: { readonly network: string; readonly keep: ReadonlySet<string> }[] = []
  answer: Coordinated | NotCoordinated = { type: 'Coordinated' }
  examined: Examined | NotCoordinated = { type: 'Examined', differences: [] }
  canUndo = true
  disabled = false
  hindrance: string | undefined

  coordinate(order: CoordinationOrder): Promise<Coordinated | NotCoordinated> {
    this.orders.push(order)
    return Promise.resolve(this.answer)
  }

  examine(_key: AttachmentKey): Promise<Examined | NotCoordinated> {
    return Promise.resolve(this.examined)
  }

  undo(key: JournalKey, began: Moment): Promise<boolean> {
    this.undone.push({ key, began })
    return Promise.resolve(this.canUndo)
  }

  collect(network: string, keep: ReadonlySet<string>): Promise<void> {
    this.collected.push({ network, keep })
    return Promise.resolve()
  }

  isDisabled(): boolean {
    return this.disabled
  }

  obstacle(): string | undefined {
    return this.hindrance
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** Texts of the keys that were undone. */
  texts(): string[] {
    return this.undone.map(({ key }) => `${key.role} ${keyText(key)}`)
  }
}
