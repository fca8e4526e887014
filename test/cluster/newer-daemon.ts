// The real daemon as a later release of it will be: it also talks wire version 2, which is as version 1 until then.

import { parseArgs } from 'node:util'
import { readConfig } from '../../src/config/daemon-config.ts'
import { runDaemon } from '../../src/daemon.ts'

const { values } = parseArgs({ options: { config: { type: 'string' } }, allowPositionals: true })
process.exitCode = await runDaemon(readConfig(values.config ?? ''), { wire: { min: 1, max: 2 } })
