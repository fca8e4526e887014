// One of several processes that run histories: takes batches one after the other and sends back what came of each.

import { type BatchOptions, runBatch } from './batch.ts'

process.on('message', (options: BatchOptions) => {
  void runBatch(options).then(result => process.send?.(result))
})
// Whoever wanted it is gone.
process.on('disconnect', () => process.exit())
