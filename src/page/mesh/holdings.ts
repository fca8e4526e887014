// How many addresses of the subnet that is shown each node has custody of; asked of the map in one cell, which costs
// the node no more than its runs.

import { effect, signal } from '@preact/signals'
import { get } from '../answers.ts'
import { open } from '../space/open-space.ts'

export const holdings = signal<ReadonlyMap<string, bigint>>(new Map())

/** Events of custody ask at once; this is for what no event told of. */
const pollMs = 10_000

export function followHoldings(): void {
  const round = async () => {
    if (!document.hidden) await askHoldings()
    setTimeout(() => void round(), pollMs)
  }
  void round()
  effect(() => {
    if (open.value !== undefined) void askHoldings()
  })
}

export async function askHoldings(): Promise<void> {
  const sums = new Map<string, bigint>()
  const subnet = open.peek()?.subnet
  if (subnet === undefined) return
  try {
    const { labels } = await get('/v1/map', { subnet, cells: '1' })
    for (const { node, addresses } of labels) {
      if (node !== undefined) sums.set(node, (sums.get(node) ?? 0n) + BigInt(addresses))
    }
  } catch {
    return
  }
  const text = (map: ReadonlyMap<string, bigint>) => [...map].join()
  if (text(sums) !== text(holdings.peek())) holdings.value = sums
}
