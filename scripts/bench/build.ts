// What is measured is what is shipped: the compiled daemon, built anew when a source is newer, and the plugin.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
export const daemonMain = join(root, 'dist/main.js')
export const pluginPath = join(root, 'build/orbweaver')

export function buildWhenStale(): void {
  if (newest(join(root, 'dist')) >= newest(join(root, 'src'))) {
    // Always: with another C library than that of the last build it takes another time to start.
    return run(process.execPath, 'scripts/build-plugin.ts')
  }
  console.log('building: a source is newer than dist/')
  if (existsSync(join(root, 'scripts/build.ts'))) return run(process.execPath, 'scripts/build.ts')
  run(process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json')
  run(process.execPath, 'scripts/build-plugin.ts')
}

/** The shortest life a program can have here: a static C binary that does nothing. */
export function buildEmpty(directory: string): string {
  mkdirSync(directory, { recursive: true })
  const source = join(directory, 'empty.c')
  writeFileSync(source, 'int main(void) { return 0; }\n')
  const binary = join(directory, 'empty')
  run('cc', '-static', '-O2', '-o', binary, source)
  return binary
}

function run(command: string, ...args: string[]): void {
  const { status, error, stderr } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'pipe'],
    encoding: 'utf8'
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

/** The latest change below a path; 0 when there is nothing. */
function newest(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return 0
  if (!found.isDirectory()) return found.mtimeMs
  return Math.max(0, ...readdirSync(path).map(name => newest(join(path, name))))
}
