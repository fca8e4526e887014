// Assertions catch our own mistakes and stay on in production; the world's failures are errors.ts.

import nodeAssert from 'node:assert/strict'

/** Stop with an AssertionError when `condition` does not hold. Never used for input from outside. */
export const assert: (condition: unknown, message: string) => asserts condition = nodeAssert.ok

/** A `switch` that forgot a case does not compile; one that was reached all the same says so. */
export function assertNever(value: never, what: string): never {
  throw new nodeAssert.AssertionError({ message: `${what}: unexpected ${JSON.stringify(value)}` })
}
