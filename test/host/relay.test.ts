// A door that is opened by the first who knocks.

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { openRelay } from '../../src/host/relay.ts'
import { listenAt } from '../../src/host/unix-socket.ts'
import { eventually } from '../support/command.ts'
import { keptLog } from '../support/link-lan.ts'

function place(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-relay-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'door')
}

/** Says back what it hears, and that it was the one behind the door. */
async function behind(t: Test, path: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, socket => {
    void text(socket).then(heard => socket.end(`behind: ${heard}`))
  })
  await listenAt(server, path)
  t.teardown(() => server.close())
  return server
}

async function knock(path: string, words: string): Promise<string> {
  const socket = connect({ path, allowHalfOpen: true })
  await once(socket, 'connect')
  socket.end(words)
  return text(socket)
}

t.test('who comes first waits until it is open, and later ones go there at once', async t => {
  const path = place(t)
  let opened = 0
  const opening = Promise.withResolvers<undefined>()
  const open = async () => {
    opened += 1
    await opening.promise
  }
  const relay = await openRelay(path, listenAt, open, keptLog())
  t.equal(opened, 0)
  const early = [knock(path, 'one'), knock(path, 'x'.repeat(300_000))]
  await eventually('both have knocked', () => opened === 2)
  await behind(t, path)
  opening.resolve(undefined)
  t.same(await Promise.all(early), ['behind: one', `behind: ${'x'.repeat(300_000)}`])
  t.equal(await knock(path, 'later'), 'behind: later')
  t.equal(opened, 2, 'the door is another one by now')
  await relay.close()
  t.equal(await knock(path, 'still'), 'behind: still')
})

t.test('who only looks whether somebody is there opens nothing', async t => {
  let opened = 0
  const open = async () => void (opened += 1)
  const path = place(t)
  const relay = await openRelay(path, listenAt, open, keptLog())
  const socket = connect(path)
  await once(socket, 'connect')
  socket.end()
  await once(socket, 'close')
  t.equal(opened, 0)
  await relay.close()
})

t.test('who comes is let down when nothing opens', async t => {
  const path = place(t)
  const log = keptLog()
  const open = () => Promise.reject(new Error('the daemon is stopping'))
  const relay = await openRelay(path, listenAt, open, log)
  t.equal(await knock(path, 'hello').catch(() => ''), '')
  t.match(log.lines, [/is let down/])
  await relay.close()
})

t.test('who waits when it closes is let go', async t => {
  const path = place(t)
  const relay = await openRelay(path, listenAt, () => new Promise(() => {}), keptLog())
  const waiting = knock(path, 'hello').catch(() => '')
  await new Promise(resolve => setTimeout(resolve, 20))
  await relay.close()
  t.equal(await waiting, '')
})
