// Container ids as runtimes make them: 64 hexadecimal digits, in no order, never the same twice in a run.

/** Knuth's multiplicative hash: odd, so that no two counters below 2^32 meet. */
const scatter = 2_654_435_761

const rest = 'f4a1c09b7d2e8653'.repeat(4).slice(8)

let last = 0

export function nextContainerId(): string {
  last += 1
  return digits(Math.imul(last, scatter) >>> 0) + rest
}

export const containerIdBytes = 64

function digits(number: number): string {
  return number.toString(16).padStart(8, '0')
}
