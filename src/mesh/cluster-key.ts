// The key that all nodes of a cluster share, in a file as libp2p writes it. Who has it may talk to the nodes, so the file
// is for the owner of the daemon alone.

import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { errorCodeOf, messageOf } from '../core/error-text.ts'
import { ConfigInvalidError } from '../core/errors.ts'

const keyBytes = 32
const header = '/key/swarm/psk/1.0.0/\n/base16/\n'
const form = /^\/key\/swarm\/psk\/1\.0\.0\/\r?\n\/base16\/\r?\n([0-9a-f]{64})\s*$/i
/** The key has 95 bytes; what is longer is another file. */
export const clusterKeyBytesMax = 256

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

/** The key as libp2p takes it, from the text of the file at `path`. Throws ConfigInvalidError when it is none. */
export function parseClusterKey(text: string, path: string): Uint8Array {
  const [, digits] = form.exec(text) ?? []
  if (digits === undefined) {
    throw new ConfigInvalidError(path, [
      'is no cluster key; it has three lines: /key/swarm/psk/1.0.0/, /base16/ and 64 hexadecimal digits'
    ])
  }
  return Buffer.from(header + digits.toLowerCase())
}
