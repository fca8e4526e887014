// A thread of the kernel. It visits namespaces, which is a matter of threads, and waits for the kernel's own lock on
// links and routes for as long as others hold that, so it is alone.

import assert from 'node:assert/strict'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Counter } from './counter.ts'
import { moveTo, openHome } from './namespace.ts'
import { SocketLedger } from './socket-ledger.ts'
import type { ThreadOrder, ThreadStart, ThreadWord } from './thread-messages.ts'

assert.ok(parentPort, 'this is a thread, not a program')
const port = parentPort
const { home, sockets, socketsAbove } = workerData as ThreadStart
const there = openHome(home)
if (home !== undefined) moveTo(there)
const above = socketsAbove && new SocketLedger(socketsAbove)
const counter = new Counter({ home: there, ledger: new SocketLedger(sockets, above) })

port.on('message', (order: ThreadOrder) => {
  let next: ThreadOrder | undefined = order
  while (next !== undefined) {
    if (next.type === 'Close') {
      counter.close()
      port.close()
    } else port.postMessage(counter.answer(next) satisfies ThreadWord)
    next = receiveMessageOnPort(port)?.message as ThreadOrder | undefined
  }
  counter.leave()
})
port.postMessage({ type: 'Ready' } satisfies ThreadWord)
