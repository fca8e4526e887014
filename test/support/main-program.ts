// Which daemon a test starts: the built one starts faster. Whoever changes the sources and does not build says so
// with the variable.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

const built = join(import.meta.dirname, '../../dist/main.js')
const source = join(import.meta.dirname, '../../src/main.ts')

export function mainProgram(): string {
  const named = process.env['ORBWEAVER_MAIN']
  if (named !== undefined) return named
  return existsSync(built) ? built : source
}
