// How late the event loop of the daemon has been, asked from outside (`loop-watch.ts`).

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Daemon } from '../../../test/support/daemon.ts'
import { eventually } from '../../../test/support/command.ts'
import { answerVariable } from '../loop-watch.ts'

const watch = join(import.meta.dirname, '../loop-watch.ts')

/** Of the daemon's environment, so that it is watched; `path`: a file that is not there yet. */
export function watchedBy(path: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import=${watch}`, [answerVariable]: path }
}

/** In milliseconds, while `work` was done. */
export async function lateness(daemon: Daemon, path: string, work: () => void): Promise<number> {
  await answer(daemon, path)
  work()
  return Number(await answer(daemon, path))
}

async function answer({ process }: Daemon, path: string): Promise<string> {
  rmSync(path, { force: true })
  process.kill('SIGUSR2')
  await eventually('the daemon answers how late its event loop is', () => existsSync(path))
  return readFileSync(path, 'utf8')
}
