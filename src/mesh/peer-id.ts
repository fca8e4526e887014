// The peer id that follows from a node's key, without loading libp2p: a daemon's start is a time without
// answers. It is the base58 text of the identity multihash of the key's protobuf form (libp2p peer id
// specification, "Ed25519 keys").

import { createPrivateKey, createPublicKey } from 'node:crypto'

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** PKCS #8 of an Ed25519 key, before its 32 bytes of seed (RFC 8410 section 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')
/** SubjectPublicKeyInfo of one is this long, the key last. */
const publicKeyBytes = 32
/** Multihash "identity" of 36 bytes: key type Ed25519, then a field of 32 bytes. */
const peerIdHead = Buffer.from('002408011220', 'hex')

/** `seed` is 64 hexadecimal digits. */
export function peerIdOf(seed: string): string {
  const der = Buffer.concat([pkcs8Head, Buffer.from(seed, 'hex')])
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  const spki = key.export({ format: 'der', type: 'spki' })
  return base58(Buffer.concat([peerIdHead, spki.subarray(-publicKeyBytes)]))
}

function base58(bytes: Buffer): string {
  const zeros = bytes.findIndex(byte => byte !== 0)
  let value = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  for (; value > 0n; value /= 58n) text = alphabet.charAt(Number(value % 58n)) + text
  return '1'.repeat(zeros) + text
}
