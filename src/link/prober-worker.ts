// The prober's thread. It visits namespaces, which is a matter of threads, and waits for many links at once in a
// call that stops everything else, so it is alone.

import assert from 'node:assert/strict'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Desk } from './desk.ts'
import { openHome } from '../kernel/namespace.ts'
import type { WorkerOrder, WorkerStart, WorkerWord } from './worker-messages.ts'

assert.ok(parentPort, 'this is a thread, not a program')
const port = parentPort
const { home } = workerData as WorkerStart
const desk = new Desk(openHome(home), (word: WorkerWord) => port.postMessage(word))

port.on('message', (order: WorkerOrder) => {
  let isOpen = take(order)
  while (isOpen && desk.isBusy) {
    desk.round()
    isOpen = takeWaiting()
  }
  if (!isOpen) port.close()
})

/** While there is work the thread's own loop stands still, so messages are fetched. False: it is to end. */
function takeWaiting(): boolean {
  for (;;) {
    const waiting = receiveMessageOnPort(port)
    if (waiting === undefined) return true
    if (!take(waiting.message as WorkerOrder)) return false
  }
}

function take(order: WorkerOrder): boolean {
  if (order.type === 'Close') return false
  desk.take(order)
  return true
}
