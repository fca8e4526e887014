// The real daemon with a store that kills the process at one step of a commit. Which step, and at which
// commit, the environment says: DIE_AT=before|inside|after the DIE_ON-th commit with a change DIE_TYPE.

import { parseArgs } from 'node:util'
import { readConfig } from '../../src/config/daemon-config.ts'
import { runDaemon } from '../../src/daemon.ts'
import type { AttachmentStore, Change } from '../../src/ports/attachment-store.ts'

const { DIE_AT: step, DIE_TYPE: type, DIE_ON: on } = process.env

function die(): void {
  process.kill(process.pid, 'SIGKILL')
  // The signal is delivered before this returns to JavaScript; nothing after it runs.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
}

function dying(store: AttachmentStore): AttachmentStore {
  let count = 0
  return {
    load: () => store.load(),
    loadLeases: () => store.loadLeases(),
    close: () => store.close(),
    commit: (changes: readonly Change[]) => {
      const isIt = changes.some(change => change.type === type)
      if (isIt) count += 1
      const now = isIt && count === Number(on)
      if (now && step === 'before') die()
      if (now && step === 'inside') {
        dieInside(store, changes)
      }
      store.commit(changes)
      if (now && step === 'after') die()
    }
  }
}

/** The last change is looked at when the others are written and the transaction is still open. */
function dieInside(store: AttachmentStore, changes: readonly Change[]): void {
  const trap = {
    get type(): 'MoveCursor' {
      return die() as never
    }
  } as unknown as Change
  store.commit([...changes, trap])
}

const { values } = parseArgs({ options: { config: { type: 'string' } }, allowPositionals: true })
process.exitCode = await runDaemon(readConfig(values.config ?? ''), { store: dying })
