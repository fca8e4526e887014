import { pack } from 'msgpackr'
import t from 'tap'
import { recordBytesMax } from '../../src/core/registry/record-text.ts'
import {
  type Answer,
  answerBytesMax,
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  type Question,
  questionBytesMax
} from '../../src/registry/registry-wire.ts'
import * as fc from '../support/property.ts'

const hash = 'ab'.repeat(32)
const record = new Uint8Array([123, 125])
const invalid = { code: 'ERR_FRAME_INVALID' }

t.test('questions and answers survive the way', async t => {
  const questions: Question[] = [
    { type: 'Read', from: 1 },
    { type: 'Append', index: 2 ** 40, record },
    { type: 'Append', index: 1, record: new Uint8Array(recordBytesMax) }
  ]
  for (const question of questions) t.same(decodeQuestion(encodeQuestion(question)), question)
  const answers: Answer[] = [
    { type: 'Slice', head: 7, hash, records: [record, record] },
    { type: 'Appended' },
    { type: 'Conflict' },
    { type: 'Refused', why: 'because' },
    { type: 'Redirect', head: 0 },
    { type: 'Redirect', registrar: 'peer-1', addresses: ['/ip4/192.0.2.1/tcp/7946'], head: 7 }
  ]
  for (const answer of answers) t.same(decodeAnswer(encodeAnswer(answer)), answer)
})

t.test('the largest of both are within the limits', async t => {
  const append = { type: 'Append', index: 2 ** 50, record: new Uint8Array(recordBytesMax) } as const
  t.ok(encodeQuestion(append).length <= questionBytesMax)
  const records = Array.from({ length: 500 }, () => new Uint8Array(524))
  const slice = { type: 'Slice', head: 2 ** 50, hash, records } as const
  t.ok(encodeAnswer(slice).length <= answerBytesMax)
})

t.test('fields of later releases are ignored', async t => {
  t.same(decodeQuestion(pack({ type: 'Read', from: 1, more: true })), { type: 'Read', from: 1 })
})

t.test('what is no question', async t => {
  const rows: unknown[] = [
    7,
    null,
    [1],
    {},
    { type: 'Write' },
    { type: 'Read' },
    { type: 'Read', from: 0 },
    { type: 'Read', from: 1.5 },
    { type: 'Read', from: '1' },
    { type: 'Read', from: 2 ** 60 },
    { type: 'Append', index: 1 },
    { type: 'Append', index: 1, record: 'text' },
    { type: 'Append', index: 0, record },
    { type: 'Append', index: 1, record: new Uint8Array(recordBytesMax + 1) },
    { type: 'Append', index: 1, record: new Uint8Array(questionBytesMax) }
  ]
  for (const row of rows) t.throws(() => decodeQuestion(pack(row)), invalid, String(row))
})

t.test('what is no answer', async t => {
  const slice = { type: 'Slice', head: 7, hash, records: [record] }
  const rows: unknown[] = [
    7,
    { type: 'Read', from: 1 },
    { ...slice, head: -1 },
    { ...slice, head: 0 },
    { ...slice, hash: hash.toUpperCase() },
    { ...slice, hash: 'ab' },
    { ...slice, records: 7 },
    { ...slice, records: [7] },
    { ...slice, head: 600, records: Array.from({ length: 501 }, () => record) },
    { ...slice, records: [new Uint8Array(recordBytesMax + 1)] },
    { ...slice, more: new Uint8Array(answerBytesMax) },
    { type: 'Refused' },
    { type: 'Refused', why: 'x'.repeat(10_000) },
    { type: 'Redirect', registrar: 'x'.repeat(200) },
    { type: 'Redirect', registrar: 7 }
  ]
  for (const row of rows) t.throws(() => decodeAnswer(pack(row)), invalid)
})

t.test('any bytes are a message or invalid', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
      for (const decode of [decodeQuestion, decodeAnswer]) {
        try {
          decode(bytes)
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === invalid.code))
            throw error
        }
      }
    }),
    { numRuns: 2_000 }
  )
})
