// How much memory V8 may keep for what lives a moment.

import { setFlagsFromString } from 'node:v8'
import type { Worker } from 'node:worker_threads'

/**
 * Keep the young generation at its first size. After a burst of pods V8 would hold some 30 MB of it for ever, on
 * every node; collecting more often costs a burst a tenth of its rate and a single ADD nothing that can be
 * measured. Before much is allocated.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/** As V8 says it: its own choice. */
const usual = 0

/**
 * Begin a thread with so many megabytes for what lives a moment, instead of one: where each call leaves half of that
 * behind, every other one would be held up by a collection.
 */
export function beginWithYoungHeap(megabytes: number, begin: () => Worker): Worker {
  const set = (size: number) => setFlagsFromString(`--min-semi-space-size=${size}`)
  set(megabytes)
  const worker = begin()
  // The flag is read by the thread itself, when it makes its heap.
  for (const event of ['online', 'exit']) worker.once(event, () => set(usual))
  return worker
}
