// Messages that were written down once: every later release must still read those of version 1, and this one
// must already read what a later one will add.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { decodeEnvelope, encodeEnvelope } from '../../src/mesh/codec.ts'

interface Recorded {
  readonly name: string
  readonly hex: string
  readonly message: unknown
}

function recorded(file: string): Recorded[] {
  const path = join(import.meta.dirname, 'fixtures', file)
  return JSON.parse(readFileSync(path, 'utf8')) as Recorded[]
}

/** As the recordings have it: numbers of any size as text with an n behind. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item))
  )
}

t.test('wire version 1', async t => {
  const messages = recorded('wire-1.json')
  t.equal(messages.length, 21)
  for (const { name, hex, message } of messages) {
    const decoded = decodeEnvelope(Buffer.from(hex, 'hex'))
    t.same(plain(decoded), message, name)
    if ('problem' in decoded) continue
    t.equal(
      Buffer.from(encodeEnvelope(decoded)).toString('hex'),
      hex,
      `${name} is written as before`
    )
  }
})

t.test('fields of a later version are left alone, tails kept', async t => {
  const messages = recorded('wire-2.json')
  t.equal(messages.length, 6)
  for (const { name, hex, message } of messages) {
    t.same(plain(decodeEnvelope(Buffer.from(hex, 'hex'))), message, name)
  }
  const runs = JSON.stringify(messages)
  t.match(runs, '"tail":"c0ffee00ff"')
})
