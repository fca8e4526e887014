// The key of the cluster: made once, read only when nobody else can.

import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readPrivate } from '../../src/host/private-file.ts'
import { clusterKeyBytesMax, makeClusterKey, parseClusterKey } from '../../src/mesh/cluster-key.ts'

const readClusterKey = (path: string) =>
  parseClusterKey(readPrivate(path, clusterKeyBytesMax), path)

const refused = (pattern: RegExp) => ({ code: 'ERR_CONFIG_INVALID', message: pattern })

t.test('a new key', async t => {
  const path = join(t.testdir({}), 'key')
  makeClusterKey(path)
  t.equal(statSync(path).mode & 0o777, 0o600)
  const key = readClusterKey(path)
  t.equal(key.length, 95)
  t.match(Buffer.from(key).toString(), /^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-f]{64}$/)
  const before = readFileSync(path, 'utf8')
  t.throws(() => makeClusterKey(path), refused(/exists already/))
  t.equal(readFileSync(path, 'utf8'), before)
  const other = join(t.testdir({ more: {} }), 'more', 'key')
  makeClusterKey(other)
  t.notSame(readClusterKey(other), key)
  t.throws(() => makeClusterKey(join(t.testdirName, 'none', 'key')), refused(/cannot be made/))
})

t.test('a file that is not private, or no key', async t => {
  const path = join(t.testdir({ key: '' }), 'key')
  const text = `/key/swarm/psk/1.0.0/\r\n/base16/\r\n${'AB'.repeat(32)}\r\n`
  writeFileSync(path, text)
  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    chmodSync(path, mode)
    t.throws(() => readClusterKey(path), refused(/chmod 0600/))
  }
  chmodSync(path, 0o400)
  t.match(Buffer.from(readClusterKey(path)).toString(), `\n${'ab'.repeat(32)}`)
  chmodSync(path, 0o600)
  for (const wrong of ['', 'secret', text.slice(1), `${text}x`]) {
    writeFileSync(path, wrong)
    t.throws(() => readClusterKey(path), refused(/no cluster key/))
  }
  writeFileSync(path, text.repeat(9))
  t.throws(() => readClusterKey(path), refused(/more than 256 bytes/))
  t.throws(() => readClusterKey(`${path}.none`), refused(/cannot be read/))
  t.throws(() => readClusterKey(t.testdirName), refused(/./))
})
