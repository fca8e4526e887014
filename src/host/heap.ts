// How much memory V8 may keep for what lives a moment.

import { setFlagsFromString } from 'node:v8'

/**
 * Keep the young generation at its first size. After a burst of pods V8 would hold some 30 MB of it for ever, on
 * every node; collecting more often costs a burst a tenth of its rate and a single ADD nothing that can be
 * measured. Before much is allocated.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
