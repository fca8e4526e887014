// What an execution says by itself: its code, its failure, and whether it kept to the rules of stdout.

import type { Execution } from './execute.ts'
import { type CniError, PluginFailure } from './result.ts'
import type { Verb } from './runtime.ts'

/** Success for the runtimes that read texts: they take a failed DEL with these words for a done one. */
export const treacherousWords = /not found|no such file or directory/i

/** The code of the error document; 0 for success, undefined when there is no document. */
export function codeOf({ code, stdout }: Pick<Execution, 'code' | 'stdout'>): number | undefined {
  if (code === 0) return 0
  return errorOf(stdout)?.code
}

export function errorOf(stdout: Buffer): CniError | undefined {
  try {
    return JSON.parse(stdout.toString()) as CniError
  } catch {
    return undefined
  }
}

/** The failure of a verb that must fail. */
export async function failureFrom(work: Promise<unknown>): Promise<PluginFailure> {
  try {
    const outcome = await work
    throw new Error(`this should have failed, but gave ${JSON.stringify(outcome)}`)
  } catch (error) {
    if (error instanceof PluginFailure) return error
    throw error
  }
}

/** What is wrong with an execution by itself; one that was killed may say nothing or half of it. */
export function faultOf(verb: Verb, execution: Execution): string | undefined {
  const { code, killedBy } = execution
  const stdout = execution.stdout.toString()
  const about = `${verb} (status ${code}): ${stdout.slice(0, 300)}`
  if (killedBy === 'SIGKILL') return undefined
  if (killedBy !== null) return `${about}: ended by ${killedBy}`
  if (code === 0 && stdout === '') {
    return verb === 'ADD' || verb === 'VERSION' ? `${about}: says nothing` : undefined
  }
  const document = errorOf(execution.stdout)
  if (document === undefined) return `${about}: no single document`
  if (code === 0) return verb === 'ADD' || verb === 'VERSION' ? undefined : `${about}: not silent`
  if (typeof document.code !== 'number' || document.code < 1) return `${about}: no code`
  if (typeof document.msg !== 'string' || document.msg === '') return `${about}: no message`
  return treacherousWords.test(stdout) ? `${about}: words that mean success elsewhere` : undefined
}
