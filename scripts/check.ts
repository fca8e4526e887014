// Types, lint and format. The layers are checked by test/tidy.test.ts.

import { run } from './run.ts'

const checks = [
  { name: 'types', program: 'tsc', args: ['--project', '.'] },
  { name: 'page', program: 'tsc', args: ['--project', 'src/page'] },
  { name: 'lint', program: 'oxlint', args: ['--type-aware', '--deny-warnings', '.'] },
  { name: 'format', program: 'prettier', args: ['--check', '--log-level', 'warn', '.'] }
]

/** The names of the checks that failed; what they said is on stderr. */
export function check(): string[] {
  return checks.flatMap(({ name, program, args }) => {
    try {
      run(program, args)
      console.log(`${name.padEnd(8)} ok`)
      return []
    } catch (error) {
      console.error(
        `${name.padEnd(8)} FAILED\n${error instanceof Error ? error.message : String(error)}`
      )
      return [name]
    }
  })
}

if (import.meta.main) process.exitCode = check().length === 0 ? 0 : 1
