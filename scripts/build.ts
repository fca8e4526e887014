// Build what is deployed: the daemon as JavaScript and its web page in dist/, the plugin as one static binary in build/.

import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildDaemon } from './build-daemon.ts'
import { buildPage } from './build-page.ts'
import { buildPlugin } from './build-plugin.ts'
import { run } from './run.ts'

const root = join(import.meta.dirname, '..')

/** Throws with the compiler's words when something does not compile. */
export async function build(): Promise<void> {
  const dist = join(root, 'dist')
  rmSync(dist, { recursive: true, force: true })
  run('tsc', ['--project', 'tsconfig.build.json'])
  await buildDaemon(dist)
  for (const program of ['main.js', 'orb.js']) chmodSync(join(dist, program), 0o755)
  buildPage()
  buildPlugin()
}

if (import.meta.main) {
  await build()
  console.log('built dist/main.js and build/orbweaver')
}
