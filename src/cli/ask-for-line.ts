// One line from the person at the terminal.

import { createInterface } from 'node:readline/promises'

/** Without space around it; empty when the input ends. */
export async function askForLine(question: string): Promise<string> {
  const { stdin: input, stderr: output } = process
  const terminal = createInterface({ input, output })
  // The end of the input is no answer.
  const closed = new Promise<string>(resolve => terminal.once('close', () => resolve('')))
  try {
    return (await Promise.race([terminal.question(question), closed])).trim()
  } finally {
    terminal.close()
  }
}
