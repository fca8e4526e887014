// A short visit to the network namespace of a pod. A socket made there belongs there for good, so nobody needs
// to stay. Namespaces are a matter of threads: this is for a thread that does nothing else.

import { closeSync, constants, openSync } from 'node:fs'
import { setns, succeed } from './libc.ts'

const cloneNewNet = 0x40000000

/** The thread could not get back to where it lives: nothing that it does now is right, so it must end. */
export class HomeLostError extends Error {
  constructor(cause: unknown) {
    super('the way back from the namespace of a pod is lost', { cause })
    this.name = new.target.name
  }
}

/** The namespace that this thread lives in, as a file to come back to. */
export function openHome(path = '/proc/thread-self/ns/net'): number {
  return openSync(path, 'r')
}

/** Throws what `act` throws, an error with a code when there is no such namespace, and `HomeLostError`. */
export function visit<Value>(path: string, home: number, act: () => Value): Value {
  // Without waiting: a pipe that lies there would never be opened.
  const there = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    succeed('setns', setns(there, cloneNewNet))
    try {
      return act()
    } finally {
      goHome(home)
    }
  } finally {
    closeSync(there)
  }
}

function goHome(home: number): void {
  try {
    succeed('setns', setns(home, cloneNewNet))
  } catch (error) {
    throw new HomeLostError(error)
  }
}
