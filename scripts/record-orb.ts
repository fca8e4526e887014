// npm run record: writes into docs/orb.md what its commands say.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.ts'
import { catchInterruptions } from './lab/command.ts'
import { recorded } from './record/page.ts'
import { Session } from './record/session.ts'

const file = join(import.meta.dirname, '../docs/orb.md')

catchInterruptions()
await build()
await using session = await Session.open()
writeFileSync(file, await recorded(readFileSync(file, 'utf8'), session))
console.log('recorded docs/orb.md')
