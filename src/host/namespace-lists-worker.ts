// The thread that goes into namespaces and reads which addresses are there.

import assert from 'node:assert/strict'
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { errorCodeOf, messageOf } from '../core/error-text.ts'
import { HomeLostError, openHome, visit } from '../kernel/namespace.ts'

/** Some hundred thousand routes: no pod has as many, and a router's table is not read for its few addresses. */
const listBytesMax = 16 * 1024 * 1024

export type Listed =
  { readonly text: string } | { readonly problem: string; readonly code: string | undefined }

assert.ok(parentPort, 'this is a thread, not a program')
const port = parentPort
const home = openHome()

port.on('message', (path: string) => port.postMessage(listed(path)))

function listed(path: string): Listed {
  try {
    return { text: visit(path, home, readLists) }
  } catch (error) {
    if (error instanceof HomeLostError) throw error
    return { problem: messageOf(error), code: errorCodeOf(error) }
  }
}

/** Of the namespace that this thread is in at the moment. A kernel without IPv6 has no second file. */
function readLists(): string {
  const ipv6 = '/proc/thread-self/net/if_inet6'
  const lists = ['/proc/thread-self/net/fib_trie', ...(existsSync(ipv6) ? [ipv6] : [])]
  return lists.map(readWhole).join('\n')
}

/** Files of the kernel tell no length. */
function readWhole(path: string): string {
  const file = openSync(path, 'r')
  try {
    const chunks: Buffer[] = []
    for (let total = 0; ;) {
      const chunk = Buffer.alloc(65_536)
      const bytes = readSync(file, chunk)
      if (bytes === 0) return Buffer.concat(chunks).toString('latin1')
      total += bytes
      if (total > listBytesMax) throw new Error(`${path} has more than ${listBytesMax} bytes`)
      chunks.push(chunk.subarray(0, bytes))
    }
  } finally {
    closeSync(file)
  }
}
