// What was done for one attachment, in the form in which it is written down.

import { messageOf } from '../core/error-text.ts'
import type { Sandbox } from '../core/sandbox.ts'
import type { Operation } from '../kernel/operation.ts'
import type { Route } from '../kernel/view.ts'
import type { JournalEntry, JournalKey } from '../ports/coordination-journal.ts'
import type { PodMemory } from './circumstances.ts'
import { operationKey, type Step } from './step.ts'
import { isOpposite, oppositeOf } from './undo.ts'

export interface Item {
  readonly step: Step
  /** Its number in the order in which things were wanted on this node. */
  readonly since: number
  /** What brings back what was there before, without whoever else wants the same. */
  readonly undo: readonly Operation[]
}

export interface Deed {
  readonly key: JournalKey
  readonly sandbox: Sandbox
  readonly memory: PodMemory
  /** In the order in which they are done. */
  readonly items: readonly Item[]
}

/** Of this form; another one has another number. */
const form = 2

/** What is in a pod is nothing to other pods. */
export function itemKey({ key }: Pick<Deed, 'key'>, { step }: Pick<Item, 'step'>): string {
  const about = operationKey(step)
  return step.at === 'Host' ? about : `${key.containerId} ${about}`
}

/** Of what was in the way and cannot come back nothing has to be known. */
export function isWorthKeeping({ step, undo }: Item): boolean {
  return undo.length > 0 || !step.type.startsWith('Delete')
}

export function entryOf({ key, sandbox, memory, items }: Deed): JournalEntry {
  const { mode, tables, routes } = memory
  const content = {
    form,
    mode,
    tables: [...tables],
    routes: [...routes],
    items: items.map(shortOf)
  }
  return { key, sandbox, text: JSON.stringify(plain(content)) }
}

/** As it is written down: what most often takes a step back follows from the step. */
type ShortItem = Omit<Item, 'undo'> & { readonly undo: Item['undo'] | 'Opposite' }

function shortOf({ step, since, undo }: Item): ShortItem {
  return { step, since, undo: isOpposite(undo, step) ? 'Opposite' : undo }
}

function longOf({ undo, ...item }: ShortItem): Item {
  return { ...item, undo: undo === 'Opposite' ? oppositeOf(item.step) : undo }
}

/** Addresses are numbers of 128 bits, for which JSON has no form. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return { $: value.toString(16) }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  const copy: Record<string, unknown> = {}
  for (const key in value) copy[key] = plain((value as Record<string, unknown>)[key])
  return copy
}

/** Or why it cannot be read. */
export function deedOf({ key, sandbox, text }: JournalEntry): Deed | { readonly problem: string } {
  interface Content {
    readonly form: number
    readonly mode?: PodMemory['mode']
    readonly tables: readonly [string, number][]
    readonly routes: readonly [string, readonly Route[]][]
    readonly items: readonly ShortItem[]
  }
  let content: Content
  try {
    content = JSON.parse(text, (_key, value: unknown) => numberOf(value)) as Content
  } catch (error) {
    return { problem: messageOf(error) }
  }
  if (content.form !== form)
    return { problem: `it has form ${content.form}, this release knows ${form}` }
  const { mode, tables, routes, items } = content
  const memory = { mode, tables: new Map(tables), routes: new Map(routes) }
  return { key, sandbox, items: items.map(longOf), memory }
}

function numberOf(value: unknown): unknown {
  const isNumber =
    typeof value === 'object' && value !== null && '$' in value && typeof value.$ === 'string'
  return isNumber ? BigInt(`0x${value.$ as string}`) : value
}
