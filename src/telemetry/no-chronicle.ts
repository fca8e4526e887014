// Where nobody listens: the simulator, and tests of something else.

import type { Chronicle } from '../ports/chronicle.ts'

export const noChronicle: Chronicle = { note: () => {} }
