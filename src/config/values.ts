// What values of the configuration may be, where more than one section has them.

import * as v from 'valibot'

export const absolutePath = v.pipe(
  v.string('must be an absolute path'),
  v.startsWith('/', 'must be an absolute path')
)

export const isSection = 'must be a section with keys of its own'

export function seconds(from: number, to: number) {
  const problem = `must be a number of seconds from ${from} to ${to}`
  return v.pipe(v.number(problem), v.minValue(from, problem), v.maxValue(to, problem))
}
