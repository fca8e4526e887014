// The window of the address space that is open, and what of it has to be asked for again.

import { batch, computed, signal } from '@preact/signals'
import type { Address } from '../../core/address.ts'
import { formatAddress } from '../../core/address.ts'
import { get } from '../answers.ts'
import { blocksMax, cellFor, closer, singlesMax, Space, type Window, windowOf } from './space.ts'

/** Changes that come together are asked for together. */
const pauseMs = 250
/** What no event has told of is noticed this late. */
const refreshMs = 15_000
/** Mixes of blocks that are no longer there pile up: then everything is laid anew. */
const mixesMax = 30_000

/** From the whole subnet down to what is shown. */
export const windows = signal<readonly Window[]>([])
export const open = computed(() => windows.value.at(-1))
export const space = signal<Space | undefined>(undefined)
/** The cells that changed last; counts up even when they are the same ones. */
export const changed = signal<{ readonly first: number; readonly end: number; readonly n: number }>(
  {
    first: 0,
    end: 0,
    n: 0
  }
)
export const cursor = signal<Address | undefined>(undefined)
/** Why nothing is shown. */
export const trouble = signal<string | undefined>(undefined)

let dirty: { start: bigint; end: bigint } | undefined
let isAsking = false

export function openSubnet(subnet: string): void {
  if (windows.peek()[0]?.subnet === subnet && windows.peek().length === 1) return
  enter([windowOf(subnet)], undefined)
}

/** A look closer; false when there is none. */
export function zoomIn(address: Address): boolean {
  const at = open.peek()
  const next = at && closer(at, address)
  if (next === undefined) return false
  enter([...windows.peek(), next], address)
  return true
}

export function zoomOutTo(depth: number): void {
  const kept = windows.peek().slice(0, depth + 1)
  if (kept.length < windows.peek().length) enter(kept, cursor.peek())
}

/** Down to the single address, wherever it is. */
export function jumpTo(subnet: string, address: Address): void {
  const path = [windowOf(subnet)]
  for (;;) {
    const last = path.at(-1)
    const next = last && closer(last, address)
    if (next === undefined) break
    path.push(next)
  }
  enter(path, address)
}

function enter(path: readonly Window[], at: Address | undefined): void {
  batch(() => {
    windows.value = path
    cursor.value = at
  })
  dirty = undefined
  void load()
}

/** These addresses may be different now. Of both ends the first and one past the last. */
export function touch(start: bigint, end: bigint): void {
  const at = open.peek()
  if (at === undefined || end <= at.start || start >= at.end) return
  dirty = {
    start: dirty === undefined || start < dirty.start ? start : dirty.start,
    end: dirty === undefined || end > dirty.end ? end : dirty.end
  }
}

/** Whatever was told in between may have been missed. */
export function touchAll(): void {
  const at = open.peek()
  if (at !== undefined) touch(at.start, at.end)
}

/** Ask for what was touched, again and again from now on. */
export function followSpace(): void {
  setInterval(() => {
    if (dirty !== undefined && !document.hidden) void refresh()
  }, pauseMs)
  setInterval(touchAll, refreshMs)
}

async function load(): Promise<void> {
  const window = open.peek()
  if (window === undefined) return
  try {
    const cells = cellFor(window.end - window.start) === 1n ? singlesMax : blocksMax
    const view = await get('/v1/map', ask(window.subnet, window.start, window.end, cells))
    if (open.peek() !== window) return
    const laid = new Space(window, view)
    batch(() => {
      space.value = laid
      trouble.value = undefined
      changed.value = { first: 0, end: laid.count, n: changed.peek().n + 1 }
    })
  } catch (error) {
    if (open.peek() === window)
      trouble.value = error instanceof Error ? error.message : String(error)
  }
}

async function refresh(): Promise<void> {
  const shown = space.peek()
  const part = dirty
  if (part === undefined || isAsking) return
  if (shown === undefined || shown.window !== open.peek() || shown.mixes.length > mixesMax) {
    dirty = undefined
    return load()
  }
  const { cell, window } = shown
  const [first, end] = [within(part.start, window), within(part.end, window)]
  const start = first - ((first - window.start) % cell)
  const cells = Number((end - start + cell - 1n) / cell)
  dirty = undefined
  isAsking = true
  try {
    const view = await get(
      '/v1/map',
      ask(window.subnet, start, start + BigInt(cells) * cell, cells)
    )
    if (space.peek() !== shown) return
    const [from, to] = shown.lay(view)
    changed.value = { first: from, end: to, n: changed.peek().n + 1 }
    trouble.value = undefined
  } catch (error) {
    trouble.value = error instanceof Error ? error.message : String(error)
    touch(start, end)
  } finally {
    isAsking = false
  }
}

function ask(subnet: string, start: bigint, end: bigint, cells: number) {
  return {
    subnet,
    from: formatAddress(start as Address),
    to: formatAddress((end - 1n) as Address),
    cells: String(cells)
  }
}

function within(address: bigint, { start, end }: Window): bigint {
  return address < start ? start : address > end ? end : address
}
