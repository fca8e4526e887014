#!/usr/bin/env node
// The entry point of `orbweaverd`.

import { onPinnedNode } from './pinned-node.ts'

await onPinnedNode('orbweaverd')
const { runCommand } = await import('./commands.ts')
process.exitCode = await runCommand(process.argv.slice(2))
