// The key that all nodes of a cluster share, in a file as libp2p writes it. Who has it may talk to the nodes,
// so nobody but the owner of the daemon may be able to read the file.

import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { errorCodeOf, messageOf } from '../core/error-text.ts'
import { ConfigInvalidError } from '../core/errors.ts'

const keyBytes = 32
const header = '/key/swarm/psk/1.0.0/\n/base16/\n'
const form = /^\/key\/swarm\/psk\/1\.0\.0\/\r?\n\/base16\/\r?\n([0-9a-f]{64})\s*$/i
/** The key has 95 bytes; what is longer is another file. */
const fileBytesMax = 256

/** Make a new key. Throws ConfigInvalidError when the file exists: nodes that have the old key would be cut off. */
export function makeClusterKey(path: string): void {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    const isThere = errorCodeOf(error) === 'EEXIST'
    throw new ConfigInvalidError(path, [
      isThere ? 'exists already and is not overwritten' : `cannot be made: ${messageOf(error)}`
    ])
  }
  try {
    writeSync(file, `${header}${randomBytes(keyBytes).toString('hex')}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** The key as libp2p takes it. Throws ConfigInvalidError when there is none, or others can read it. */
export function readClusterKey(path: string): Uint8Array {
  const text = readPrivately(path)
  const [, digits] = form.exec(text) ?? []
  if (digits === undefined) {
    throw new ConfigInvalidError(path, [
      'is no cluster key; it has three lines: /key/swarm/psk/1.0.0/, /base16/ and 64 hexadecimal digits'
    ])
  }
  return Buffer.from(header + digits.toLowerCase())
}

function readPrivately(path: string): string {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    throw new ConfigInvalidError(path, [`cannot be read: ${messageOf(error)}`])
  }
  try {
    const { mode, uid } = fstatSync(file)
    const problems: string[] = []
    if ((mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0')
      problems.push(`has mode ${shown}, but others may not touch it: chmod 0600`)
    }
    if (uid !== 0 && uid !== process.getuid?.()) {
      problems.push(`belongs to user ${uid}; it must be root's or the daemon's own`)
    }
    if (problems.length > 0) throw new ConfigInvalidError(path, problems)
    const bytes = Buffer.alloc(fileBytesMax)
    return bytes.toString('utf8', 0, readSync(file, bytes))
  } catch (error) {
    if (error instanceof ConfigInvalidError) throw error
    throw new ConfigInvalidError(path, [`cannot be read: ${messageOf(error)}`])
  } finally {
    closeSync(file)
  }
}
