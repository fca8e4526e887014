// Runs one of the simulations in a process of its own.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const heapMb = 12_000

/** What it prints, as JSON. Rejects with what it complains of. */
export async function inProcess<Outcome>(
  script: 'traffic-run' | 'heal-run',
  ...args: readonly string[]
): Promise<Outcome> {
  const file = join(import.meta.dirname, `${script}.ts`)
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[`--max-old-space-size=${heapMb}`, file],
    ...args
  ])
  return JSON.parse(stdout) as Outcome
}
