// Which machine this is, as far as a file on it says.

import { readFileSync } from 'node:fs'

/** Empty when the machine has no such file: then nothing tells it from others. */
export function readMachineId(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
