// --watch: the same view again and again, written anew when it has changed.

import { setTimeout as pause } from 'node:timers/promises'
import { CommandFailure } from './exit-status.ts'
import type { Terminal } from './orb.ts'

/** A person sees no more than that, and a node should not notice it. */
const everyMs = 1_000

const clearScreen = '\u001b[H\u001b[2J\u001b[3J'

/** Until the process is ended. Who does not answer now may do so the next time, but for the first one. */
export async function watching(terminal: Terminal, text: () => Promise<string>): Promise<never> {
  let last = ''
  let isFirst = true
  for (;;) {
    const now = await text().catch((error: unknown) => {
      if (isFirst || !(error instanceof CommandFailure)) throw error
      return `${error.message}\n`
    })
    if (now !== last) {
      if (terminal.isInteractive) terminal.out(clearScreen)
      else if (!isFirst) terminal.out('\n')
      terminal.out(now)
      last = now
    }
    isFirst = false
    await pause(everyMs)
  }
}
