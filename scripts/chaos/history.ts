// What happened, as it was seen from outside: every ADD and DEL, every fault, and what was looked at. All
// judgement of the past is made from it.

export interface AddEvent {
  readonly node: number
  readonly id: string
  readonly from: number
  readonly to: number
  /** What the plugin printed; undefined for a refusal. */
  readonly address: string | undefined
  /** The code of a refusal; -1 when the plugin printed nothing. */
  readonly code?: number
  readonly msg?: string
}

export interface EndEvent {
  readonly node: number
  readonly id: string
  readonly address: string
  /** When the address was taken off the link, before the DEL. */
  readonly at: number
}

export type FaultKind = 'kill' | 'restart' | 'freeze' | 'split' | 'one-way' | 'lossy'

export interface Fault {
  readonly kind: FaultKind
  readonly nodes: readonly number[]
  readonly from: number
  to: number
}

const networkKinds: ReadonlySet<FaultKind> = new Set(['split', 'one-way', 'lossy'])

/** A daemon that has just started is busy with its own code, and with it the machine they all share. */
const settledMs = 1_500

export class History {
  readonly #began = performance.now()
  readonly adds: AddEvent[] = []
  readonly ends: EndEvent[] = []
  readonly faults: Fault[] = []
  /** Addresses that were on two links at a time, as the kernel had them. */
  readonly doubles: string[] = []
  /** By node: how many free addresses it said to have, and when. */
  readonly free = new Map<number, { readonly at: number; readonly free: number }[]>()
  looks = 0

  /** Milliseconds since the beginning. */
  now(): number {
    return performance.now() - this.#began
  }

  begin(kind: FaultKind, nodes: readonly number[]): Fault {
    const fault = { kind, nodes, from: this.now(), to: Infinity }
    this.faults.push(fault)
    return fault
  }

  /** The process of this node ran all the time, as far as the faults go. */
  ranThroughout(node: number, from: number, to: number): boolean {
    return !this.faults.some(
      fault =>
        !networkKinds.has(fault.kind) &&
        fault.nodes.includes(node) &&
        fault.from < to &&
        fault.to + settledMs > from
    )
  }

  noteFree(node: number, free: number): void {
    const said = this.free.get(node) ?? []
    this.free.set(node, said)
    said.push({ at: this.now(), free })
  }

  /** It said so before, after, and whenever it was asked between. */
  hadFree(node: number, from: number, to: number, atLeast: number): boolean {
    const said = this.free.get(node) ?? []
    const before = said.findLastIndex(({ at }) => at <= from)
    const after = said.findIndex(({ at }) => at >= to)
    if (before < 0 || after < 0) return false
    return said.slice(before, after + 1).every(({ free }) => free >= atLeast)
  }

  /** No daemon was starting on this machine. */
  wasQuiet(from: number, to: number): boolean {
    return !this.faults.some(
      fault => !networkKinds.has(fault.kind) && fault.from < to && fault.to + settledMs > from
    )
  }

  /** Some nodes could not hear others. */
  wasCut(at: number): boolean {
    return this.faults.some(
      fault => networkKinds.has(fault.kind) && fault.from <= at && fault.to > at
    )
  }

  /** Each address from the answer of an ADD to its end has one pod; each attachment has one address. */
  contradictions(): string[] {
    const found: string[] = []
    const addressOf = new Map<string, string>()
    const ended = new Map(this.ends.map(end => [end.id, end.at]))
    const holds = new Map<string, { id: string; from: number; to: number }[]>()
    for (const { id, address, to: from } of this.adds) {
      if (address === undefined) continue
      const before = addressOf.get(id)
      if (before !== undefined) {
        if (before !== address) found.push(`${id} has had ${before} and ${address}`)
        continue
      }
      addressOf.set(id, address)
      const spans = holds.get(address) ?? []
      spans.push({ id, from, to: ended.get(id) ?? Infinity })
      holds.set(address, spans)
    }
    for (const [address, spans] of holds) {
      spans.sort((a, b) => a.from - b.from)
      for (const [i, { id, from }] of spans.entries()) {
        const before = spans[i - 1]
        if (before !== undefined && before.to > from) {
          found.push(`${address} was given to ${id} before ${before.id} had ended`)
        }
      }
    }
    return found
  }
}
