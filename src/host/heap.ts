// How much memory V8 may keep for what lives a moment.

import { setFlagsFromString } from 'node:v8'

/**
 * Keep the young generation at its first size. After a burst of pods V8 would hold some 30 MB of it for ever,
 * on every node, and collecting more often costs the burst a few percent. Before much is allocated.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
