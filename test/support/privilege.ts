// What a suite needs from the machine. A suite whose need is not met is left out and says so; where
// everything must run (CI=true), leaving out is a failure.

import { spawnSync } from 'node:child_process'
import type { Test } from 'tap'
import { isProgram } from '../../scripts/setup.ts'

type Leavable = Pick<Test, 'plan' | 'fail'>

let namespaces: boolean | undefined

/** Root, with the right to make namespaces: root inside a plain container has none. */
export function mayMakeNamespaces(): boolean {
  namespaces ??=
    process.getuid?.() === 0 &&
    spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true']).status === 0
  return namespaces
}

/** False: the suite was left out. */
export function requireRoot(t: Leavable, what: string): boolean {
  return mayMakeNamespaces() || leaveOut(t, `${what} (needs root)`)
}

/** `programs` are names looked up in PATH, or absolute paths. False: the suite was left out. */
export function requirePrograms(t: Leavable, what: string, programs: readonly string[]): boolean {
  const missing = programs.filter(program => !isProgram(program))
  return missing.length === 0 || leaveOut(t, `${what} (needs ${missing.join(', ')})`)
}

function leaveOut(t: Leavable, why: string): false {
  const line = `left out: ${why}`
  if (process.env['CI'] === 'true') t.fail(line)
  else t.plan(0, line)
  return false
}
