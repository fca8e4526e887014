// Stands in for what core/assert.ts takes from node:assert, where there is no Node.

class AssertionError extends Error {
  constructor({ message }: { message: string }) {
    super(message)
  }
}

function ok(condition: unknown, message: string): asserts condition {
  if (condition === false || condition === undefined || condition === null) {
    throw new AssertionError({ message })
  }
}

export default { ok, AssertionError }
