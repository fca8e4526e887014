// Who is at the other end of a Unix socket.

import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { peerCredentials } from '../../src/kernel/peer-credentials.ts'

t.test('the process that connected, and its user', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-peer-'))
  const path = join(directory, 's')
  const server = createServer()
  const accepted = new Promise<Socket>(resolve => server.once('connection', resolve))
  await new Promise<void>(resolve => server.listen(path, resolve))
  const client = connect(path)
  const { _handle: handle } = (await accepted) as unknown as { _handle: { fd: number } }
  t.match(peerCredentials(handle.fd), { pid: process.pid, uid: process.getuid?.() })
  client.destroy()
  server.close()
  rmSync(directory, { recursive: true })
})

t.test('a file is no socket', async t => {
  t.throws(() => peerCredentials(0xffff), { code: 'EBADF' })
})
