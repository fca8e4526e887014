// All deeds of a node, in the order in which they began. Several may want one thing (the host's rule, the cable of a
// pod with two interfaces, an address that moves from a dying sandbox to its successor): each knows how to bring back
// what the one before it had wanted, so whoever leaves from the middle hands that on to the next one.

import { assert } from '../core/assert.ts'
import { type AttachmentKey, keyText } from '../core/attachment.ts'
import type { Sandbox } from '../core/sandbox.ts'
import type { Operation } from '../kernel/operation.ts'
import type { JournalChange, JournalKey } from '../ports/coordination-journal.ts'
import type { PodMemory } from './circumstances.ts'
import { type Deed, entryOf, isWorthKeeping, type Item, itemKey } from './deed.ts'
import { inherited } from './inheritance.ts'
import { isSame } from './same.ts'
import type { Step, Views } from './step.ts'
import { undoOf } from './undo.ts'
import { withoutVanishing } from './vanishing.ts'

export interface Release {
  /** In the order in which they have to be carried out. */
  readonly operations: readonly Operation[]
  /**
   * What is written down with the end of the deed, once its operations are carried out: other ends may have come
   * before, and what they have dropped must not be put there again. Then `settle`.
   */
  changes(): readonly JournalChange[]
  /** The deed as far as nobody else has taken it over. */
  readonly rest: Deed
}

/** A deed that is not written down yet. */
export interface Attempt {
  /** To be committed as a whole. */
  readonly changes: readonly JournalChange[]
  /** They could not be. */
  readonly drop: () => void
}

/** What somebody is about to do. */
export interface Intent {
  readonly key: JournalKey
  readonly sandbox: Sandbox
  readonly memory: PodMemory
  readonly steps: readonly Step[]
}

export class Deeds {
  readonly #deeds = new Map<string, Deed>()
  /** By container id. A node has many pods, and each has few interfaces. */
  readonly #pods = new Map<string, Map<string, Deed>>()
  /** Which deeds want a thing, and since when: a node has many deeds, and each thing few that want it. */
  readonly #wanting = new Map<string, Map<string, number>>()
  /** Released, and not written down as such. */
  readonly #ending = new Map<string, Deed>()
  /** What has inherited something since it was written down. */
  readonly #unwritten = new Set<string>()
  #last = 0

  constructor(deeds: Iterable<Deed> = []) {
    for (const deed of deeds) this.#set(textOf(deed.key), deed)
  }

  get size(): number {
    return this.#deeds.size
  }

  get(key: JournalKey): Deed | undefined {
    return this.#deeds.get(textOf(key))
  }

  all(): readonly Deed[] {
    return [...this.#deeds.values()]
  }

  ofPod(containerId: string): readonly Deed[] {
    return [...(this.#pods.get(containerId)?.values() ?? [])]
  }

  /** Until it is written down, it can be as if it had not been. */
  put(deed: Deed): Attempt {
    const text = textOf(deed.key)
    const before = this.get(deed.key)
    const sinces = new Map(deed.items.map(item => [itemKey(deed, item), item.since]))
    const heirs = new Map<string, Deed | undefined>()
    for (const item of before?.items ?? []) {
      const about = itemKey(deed, item)
      if (sinces.get(about) === item.since) continue
      // It is wanted anew, above whoever came in between: the next of those stands where it stood.
      const [heir] = this.#othersWanting(text, about, item.since)
      if (heir === undefined) continue
      if (!heirs.has(heir)) heirs.set(heir, this.#deeds.get(heir))
      this.#bequeath(about, item, heir)
    }
    this.#set(text, deed)
    const written = [deed, ...[...heirs.keys()].flatMap(heir => this.#deeds.get(heir) ?? [])]
    return {
      changes: written.map((one): JournalChange => ({ type: 'Put', entry: entryOf(one) })),
      drop: () => {
        this.#set(text, before)
        for (const [heir, was] of heirs) this.#set(heir, was)
      }
    }
  }

  /** As if what followed had not been: undefined when there was none. */
  restore(key: JournalKey, before: Deed | undefined): void {
    this.#set(textOf(key), before)
    this.#ending.delete(textOf(key))
  }

  /** What the end of this deed changes is written down. */
  settle(key: JournalKey): void {
    this.#ending.delete(textOf(key))
    this.#unwritten.clear()
  }

  #set(text: string, deed: Deed | undefined): void {
    const before = this.#deeds.get(text)
    if (before !== undefined) {
      for (const item of before.items) this.#unwant(text, itemKey(before, item))
    }
    if (deed === undefined) {
      this.#deeds.delete(text)
      if (before !== undefined) this.#leavePod(text, before)
      return
    }
    this.#deeds.set(text, deed)
    const { containerId } = deed.key
    const pod = this.#pods.get(containerId)
    if (pod === undefined) this.#pods.set(containerId, new Map([[text, deed]]))
    else pod.set(text, deed)
    for (const item of deed.items) {
      const about = itemKey(deed, item)
      const wanting = this.#wanting.get(about)
      if (wanting === undefined) this.#wanting.set(about, new Map([[text, item.since]]))
      else wanting.set(text, item.since)
      this.#last = Math.max(this.#last, item.since)
    }
  }

  #leavePod(text: string, { key: { containerId } }: Deed): void {
    const pod = this.#pods.get(containerId)
    pod?.delete(text)
    if (pod?.size === 0) this.#pods.delete(containerId)
  }

  #unwant(text: string, about: string): void {
    const wanting = this.#wanting.get(about)
    wanting?.delete(text)
    if (wanting?.size === 0) this.#wanting.delete(about)
  }

  /** The other deeds that want it after `since`, in the order in which they came to. */
  #othersWanting(text: string, about: string, since: number): readonly string[] {
    return [...(this.#wanting.get(about) ?? [])]
      .filter(([other, from]) => other !== text && from > since)
      .sort(([, a], [, b]) => a - b)
      .map(([other]) => other)
  }

  #lastOtherWanting(text: string, about: string): string | undefined {
    let last: readonly [text: string, since: number] | undefined
    for (const one of this.#wanting.get(about) ?? []) {
      if (one[0] !== text && one[1] > (last?.[1] ?? 0)) last = one
    }
    return last?.[0]
  }

  /** Somebody has put something else in its place. */
  isReplaced(deed: Deed, item: Item): boolean {
    const about = itemKey(deed, item)
    return this.#othersWanting(textOf(deed.key), about, item.since).some(other => {
      const later = this.#itemOf(other, about)
      return later !== undefined && !isSame(later.step, item.step)
    })
  }

  #itemOf(text: string, about: string): Item | undefined {
    const deed = this.#deeds.get(text)
    return deed?.items.find(item => itemKey(deed, item) === about)
  }

  /**
   * What was done before for the same attachment is kept, with what takes it back, and stays where it was in the order; but
   * what another one has put something else in the place of since, is wanted last from now on.
   */
  deedFor({ key, sandbox, memory, steps }: Intent, views: Views): Deed {
    const before = this.get(key)?.items ?? []
    const wanted = new Set(steps.map(step => itemKey({ key }, { step })))
    const earlier = new Map(before.map(item => [itemKey({ key }, item), item]))
    const kept = before.filter(item => !wanted.has(itemKey({ key }, item)))
    const items = steps.map(step => {
      const known = earlier.get(itemKey({ key }, { step }))
      return known === undefined || this.#isOvertaken(key, known, step)
        ? { step, since: (this.#last += 1), undo: this.#undoOf(key, step, views) }
        : { step, since: known.since, undo: inherited(known, step) }
    })
    return { key, sandbox, memory, items: [...kept, ...items].filter(isWorthKeeping) }
  }

  #isOvertaken(key: JournalKey, known: Item, step: Step): boolean {
    const about = itemKey({ key }, known)
    const later = this.#othersWanting(textOf(key), about, known.since)
    const steps = [known, ...later.flatMap(other => this.#itemOf(other, about) ?? [])]
    return later.length > 0 && !steps.every(one => isSame(one.step, step))
  }

  /** Whoever has wanted it last before: that is what was there. */
  #undoOf(key: JournalKey, step: Step, views: Views): readonly Operation[] {
    const about = itemKey({ key }, { step })
    const held = this.#itemOf(this.#lastOtherWanting(textOf(key), about) ?? '', about)
    if (held === undefined) return undoOf(step, views)
    return isSame(held.step, step) ? [] : [held.step]
  }

  /** A deed ends, and from now on it holds nothing but what it `becomes` again. */
  release(key: JournalKey, becomes?: Deed): Release {
    const deed = this.get(key)
    assert(deed !== undefined, 'only what was done can be released')
    const before = new Map((becomes?.items ?? []).map(item => [itemKey(deed, item), item]))
    const stays = (item: Item) => before.get(itemKey(deed, item))?.since === item.since
    const text = textOf(key)
    const ended: Item[] = []
    const moved: Item[] = []
    for (const item of deed.items.filter(item => !stays(item))) {
      const about = itemKey(deed, item)
      const earlier = before.get(about)
      if (earlier !== undefined) moved.push(earlier)
      const [heir] = this.#othersWanting(text, about, item.since)
      if (heir === undefined) ended.push(item)
      else this.#bequeath(about, item, heir)
    }
    // What was wanted in another way under the same number is wanted in the earlier one again.
    const again = deed.items.filter(stays).flatMap(item => {
      const earlier = before.get(itemKey(deed, item))?.step
      return earlier === undefined || isSame(earlier, item.step) ? [] : [earlier]
    })
    const operations = [...ended.toReversed().flatMap(({ undo }) => undo), ...again]
    this.#set(text, becomes)
    this.#unwritten.add(text)
    const unfinished = ended.filter(({ undo }) => undo.length > 0)
    if (becomes === undefined) this.#ending.set(text, { ...deed, items: unfinished })
    const rest = {
      ...deed,
      items: deed.items.filter(item => ended.includes(item) || stays(item))
    }
    const changes = () => {
      for (const item of moved) this.#giveBack(text, itemKey(deed, item), item)
      return this.#changesAfter(text, key, becomes)
    }
    return { operations: withoutVanishing(operations), changes, rest }
  }

  /** It stands beneath those again that came after it. */
  #giveBack(text: string, about: string, { step, since }: Item): void {
    const [heir] = this.#othersWanting(text, about, since)
    const deed = heir === undefined ? undefined : this.#deeds.get(heir)
    if (heir === undefined || deed === undefined) return
    this.#replace(heir, deed, about, one => ({
      ...one,
      undo: isSame(step, one.step) ? [] : [step]
    }))
  }

  /**
   * All that has passed from one deed to another by now, also of others that are about to end: what the journal says of
   * them would be about things that are gone.
   */
  #changesAfter(text: string, key: JournalKey, becomes: Deed | undefined): JournalChange[] {
    const puts = [...this.#unwritten]
      .filter(one => becomes !== undefined || one !== text)
      .flatMap(one => this.#deeds.get(one) ?? this.#ending.get(one) ?? [])
      .map((deed): JournalChange => ({ type: 'Put', entry: entryOf(deed) }))
    return becomes === undefined ? [...puts, { type: 'Drop', key }] : puts
  }

  /** The next one that wants the same takes over how it was before. */
  #bequeath(about: string, item: Item, to: string): void {
    const heir = this.#deeds.get(to)
    assert(heir !== undefined, 'who wants something is there')
    this.#replace(to, heir, about, one => ({ ...one, undo: inherited(item, one.step) }))
  }

  #replace(text: string, deed: Deed, about: string, change: (item: Item) => Item): void {
    const items = deed.items.map(one => (itemKey(deed, one) === about ? change(one) : one))
    this.#set(text, { ...deed, items })
    this.#unwritten.add(text)
  }
}

function textOf(key: JournalKey): string {
  return `${key.role} ${keyText(key)}`
}

export function roleKey(key: AttachmentKey, role: JournalKey['role']): JournalKey {
  const { network, containerId, ifname } = key
  return { network, containerId, ifname, role }
}
