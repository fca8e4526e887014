// How the demo speaks, and that it only claims what it has seen.

import { duration, heading, paint } from '../terminal.ts'

let steps = 0

export function step(title: string): void {
  steps += 1
  console.log(heading(`${steps}  ${title}`))
}

export function say(...lines: readonly string[]): void {
  for (const line of lines) console.log(line === '' ? '' : `   ${line}`)
}

export function strong(ms: number): string {
  return paint('bold', duration(ms))
}

/** A claim that does not hold ends the demo as a failure. */
export function claim(holds: boolean, what: string): void {
  if (!holds) throw new Error(`this should hold, and does not: ${what}`)
}
