// Every program of this package runs on the Node that comes with it, whatever executes it.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** The `using` declarations and iterator helpers of this code need it. */
const nodeMajorMin = 24

/** Returns on a Node that will do, with what was compiled earlier at hand; else the process ends here. */
export async function onPinnedNode(program: string): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    const pinned = pinnedNode()
    if (pinned === undefined) {
      console.error(
        `${program} needs Node ${nodeMajorMin} or later and was started by ${process.version}; ` +
          'run `npm ci` in its directory, which brings one'
      )
      process.exit(1)
    }
    process.exit(await handOverTo(pinned))
  }
  // What was compiled once is there at the next start, which is a time without answers. Where nothing can be
  // written there is nothing, and a start takes some 30 ms longer.
  if (import.meta.filename.endsWith('.js')) {
    const { enableCompileCache } = await import('node:module')
    enableCompileCache(join(import.meta.dirname, '../build/code-cache'))
  }
}

function pinnedNode(): string | undefined {
  const name = `node-linux-${process.arch}`
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    const path = join(at, 'node_modules', name, 'bin/node')
    if (existsSync(path)) return path
    if (at === dirname(at)) return undefined
  }
}

/** Run the same command on another Node. Whoever started this one signals this one, so it passes them on. */
function handOverTo(node: string): Promise<number> {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal))
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (status, signal) =>
      resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    )
  })
}
