// What is measured is what is shipped: the compiled daemon and the plugin, built anew when a source is newer.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
export const daemonMain = join(root, 'dist/main.js')
export const pluginPath = join(root, 'build/orbweaver')

export function buildWhenStale(): void {
  const sources = newest(join(root, 'src'))
  const built = Math.min(newest(join(root, 'dist')), newest(pluginPath))
  if (built >= sources) return
  console.log('building: a source is newer than dist/ or build/orbweaver')
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
