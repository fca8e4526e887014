// fast-check as all properties use it: chance begins where seed.ts says, and a property that fails says how to
// have it again.

import fc, { type IAsyncProperty, type IProperty, type Parameters } from 'fast-check'
import { repeatedBy, runsFactor, seed } from './seed.ts'

export * from 'fast-check'

const runsUnlessTold = 100

fc.configureGlobal({
  seed,
  reporter: details => {
    if (!details.failed) return
    const report = `${fc.defaultReportMessage(details)}\n\nRepeat it with ${repeatedBy}`
    throw new Error(report, { cause: details.errorInstance })
  }
})

/** Takes the place of fast-check's own: as many runs as the property asks for, times what was asked of all. */
export function assert<T>(property: IAsyncProperty<T>, wanted?: Parameters<T>): Promise<void>
export function assert<T>(property: IProperty<T>, wanted?: Parameters<T>): void
export function assert<T>(
  property: IAsyncProperty<T> | IProperty<T>,
  wanted: Parameters<T> = {}
): Promise<void> | void {
  const numRuns = Math.ceil((wanted.numRuns ?? runsUnlessTold) * runsFactor)
  return fc.assert(property, { ...wanted, numRuns })
}
