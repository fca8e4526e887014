// One of several processes that run histories: takes its part as its argument and sends back what came of it.

import { type BatchOptions, runBatch } from './batch.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as BatchOptions
process.send?.(await runBatch(options), () => process.disconnect())
