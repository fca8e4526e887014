// People who look at a node, in a process of their own: a watch of its events, the page with its stream and its polls,
// and the trace of an actor. Started with the path of the admin socket; opens and closes them by lines on stdin.

import { type ClientRequest, request } from 'node:http'
import { createInterface } from 'node:readline'

/** What the page asks, and how often; the trace as orb's shell does. */
const polls: readonly (readonly [path: string, everyMs: number])[] = [
  ['/v1/status', 2_000],
  ['/v1/peers', 2_000],
  ['/v1/pools', 2_000],
  ['/v1/actors', 2_000],
  ['/v1/map?subnet=10.0.0.0/8', 2_000],
  ['/metrics', 2_000]
]
const tracedEveryMs = 250
const streams = ['/v1/events', '/v1/events?last=100']

const [, , socketPath = ''] = process.argv
let opened: ClientRequest[] = []
let timers: NodeJS.Timeout[] = []
let bytes = 0
let traced = 0

function follow(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/event-stream' }
    const asked = request({ socketPath, path, headers }, response => {
      if (response.statusCode !== 200) return reject(new Error(`${path}: ${response.statusCode}`))
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        resolve()
      })
      // Closed by us.
      response.on('error', () => {})
    })
    asked.on('error', reject)
    asked.end()
    opened.push(asked)
  })
}

function look(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path }, response => {
      if (response.statusCode !== 200) return reject(new Error(`${path}: ${response.statusCode}`))
      let text = ''
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        text += chunk.toString()
      })
      response.on('end', () => resolve(text))
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** Messages of the allocator as they pass, and only those that were not seen yet. */
async function trace(): Promise<void> {
  const { last } = JSON.parse(await look(`/v1/trace?path=allocator&after=${traced}`)) as {
    last: number
  }
  traced = last
}

/** From some moment of its first period on, so that short turns see their share. */
function repeat(action: () => void, everyMs: number): void {
  const first = setTimeout(() => {
    action()
    timers.push(setInterval(action, everyMs))
  }, Math.random() * everyMs)
  timers.push(first)
}

async function open(): Promise<void> {
  await Promise.all(streams.map(follow))
  for (const [path, everyMs] of polls) repeat(() => void look(path), everyMs)
  await trace()
  repeat(() => void trace(), tracedEveryMs)
}

function close(): void {
  for (const asked of opened) asked.destroy()
  for (const timer of timers) clearInterval(timer)
  opened = []
  timers = []
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'open') await open()
  else close()
  console.log(`${line} ${bytes}`)
}
