// The ways in which a view is written: a table for people, JSON and YAML for programs, names for the shell.

import { type Table, tableText } from './table.ts'
import { CommandFailure, exitStatus } from './exit-status.ts'

export const outputs = ['json', 'yaml', 'wide', 'name'] as const

export type Output = (typeof outputs)[number]

/** How one kind of answer is shown. */
export interface View<Body> {
  /** With `isWide` columns that most people do not need. */
  readonly table: (body: Body, isWide: boolean) => Table
  /** Above and below the table: what does not fit into rows. Lines with their ends, or nothing. */
  readonly above?: (body: Body) => string
  readonly below?: (body: Body) => string
  /** What stands there when there are no rows. */
  readonly empty: string
  /** `pool/blue`, one a row; absent where the rows have no names. */
  readonly names?: (body: Body) => readonly string[]
}

export async function written<Body>(
  body: Body,
  view: View<Body>,
  output: Output | undefined
): Promise<string> {
  switch (output) {
    case 'json':
      return `${JSON.stringify(body, undefined, 2)}\n`
    case 'yaml': {
      const { stringify } = await import('yaml')
      return stringify(body)
    }
    case 'name': {
      if (view.names === undefined) {
        throw new CommandFailure(exitStatus.misused, 'what this shows has no names; use -o json')
      }
      return view
        .names(body)
        .map(name => `${name}\n`)
        .join('')
    }
    case 'wide':
    case undefined: {
      const table = view.table(body, output === 'wide')
      const rows = table.rows.length === 0 ? `${view.empty}\n` : tableText(table)
      return `${view.above?.(body) ?? ''}${rows}${view.below?.(body) ?? ''}`
    }
  }
}
