// A short visit to the network namespace of a pod. A socket made there belongs there for good, so nobody needs
// to stay. Namespaces are a matter of threads: this is for one that comes back before anything else runs in it.

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

/** From now on this thread lives there. Throws `SystemFailure`. */
export function moveTo(home: number): void {
  succeed('setns', setns(home, cloneNewNet))
}

/** Throws an error with a code when there is no such file. */
export function openNamespaceFile(path: string): number {
  // Without waiting: a pipe that lies there would never be opened.
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
}

/** As `visitOpen`, and throws an error with a code when there is no such namespace. */
export function visit<Value>(path: string, home: number, act: () => Value): Value {
  const there = openNamespaceFile(path)
  try {
    return visitOpen(there, home, act)
  } finally {
    closeSync(there)
  }
}

/** Throws what `act` throws, `SystemFailure` when the file is no namespace, and `HomeLostError`. */
export function visitOpen<Value>(there: number, home: number, act: () => Value): Value {
  moveTo(there)
  try {
    return act()
  } finally {
    goHome(home)
  }
}

function goHome(home: number): void {
  try {
    moveTo(home)
  } catch (error) {
    throw new HomeLostError(error)
  }
}
