// Random from the operating system.

import { randomBytes, randomInt } from 'node:crypto'
import type { Random } from '../ports/random.ts'

const steps = 2 ** 47

export const systemRandom: Random = {
  next: () => randomInt(steps) / steps,
  hex: bytes => randomBytes(bytes).toString('hex')
}
