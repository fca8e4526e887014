#!/usr/bin/env node
// The entry point of `orb`, for people who look after nodes. It runs on the Node that the package brings.

import { onPinnedNode } from './pinned-node.ts'

await onPinnedNode('orb')
const { orbCommand } = await import('./orb-command.ts')
process.exitCode = await orbCommand(process.argv.slice(2))
