// Messages survive the wire; what is no message is a value, whatever the bytes are.

import assert from 'node:assert/strict'
import { pack } from 'msgpackr'
import { parseAddress, toAddress, type Address } from '../../src/core/address.ts'
import { decodeEnvelope, encodeEnvelope } from '../../src/mesh/codec.ts'
import { shapeProblem } from '../../src/mesh/msgpack-shape.ts'
import { runsToWire } from '../../src/mesh/run-codec.ts'
import { frameBytesMax, runsPerMessageMax } from '../../src/mesh/wire-limits.ts'
import type { Run } from '../../src/core/lease/register.ts'
import * as fc from '../support/property.ts'
import { envelopeOf, someEnvelope, someRun } from './envelopes.ts'
import t from 'tap'

const runOf = (text: string, length: bigint, tail = ''): Run => {
  const start = parseAddress(text) ?? toAddress(0n)
  return {
    start,
    end: start + length,
    register: { fence: 40, seq: 300, owner: 17, writer: 250, wctr: 70_000, tail }
  }
}

t.test('a message comes out as it went in', async () => {
  fc.assert(
    fc.property(someEnvelope, envelope => {
      const bytes = encodeEnvelope(envelope)
      assert.equal(shapeProblem(bytes), undefined)
      assert.deepStrictEqual(decodeEnvelope(bytes), envelope)
    }),
    { numRuns: 2000 }
  )
})

t.test('a tail comes out byte for byte', async () => {
  fc.assert(
    fc.property(someRun, run => {
      const decoded = decodeEnvelope(
        encodeEnvelope(
          envelopeOf({ type: 'Confirm', domain: 'd', nonce: '', wctr: 1, runs: [run] })
        )
      )
      assert(!('problem' in decoded) && decoded.body.type === 'Confirm')
      assert.deepStrictEqual(decoded.body.runs, [run])
    })
  )
})

t.test('a run is small', async t => {
  const bytesOf = (run: Run) => pack(runsToWire([run])).length - 1
  t.ok(bytesOf(runOf('10.0.0.1', 1n)) <= 22)
  t.ok(
    bytesOf({
      ...runOf('10.0.0.1', 16n),
      register: { ...runOf('10.0.0.1', 1n).register, fence: 4, seq: 5, writer: 9, wctr: 60 }
    }) <= 14
  )
  t.ok(bytesOf(runOf('fd00::1', 1n << 64n)) <= 44)
})

t.test('all of a family is one run', async t => {
  const runs = [runOf('0.0.0.0', 1n << 32n), runOf('::1:0:0:0', (1n << 128n) - (1n << 48n))]
  const envelope = envelopeOf({ type: 'Confirm', domain: 'd', nonce: '', wctr: 1, runs })
  t.strictSame(decodeEnvelope(encodeEnvelope(envelope)), envelope)
})

t.test('bytes of chance', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
      assert('problem' in decodeEnvelope(bytes))
    }),
    { numRuns: 20_000 }
  )
})

t.test('cut and spoilt messages', async t => {
  let spoilt = 0
  fc.assert(
    fc.property(someEnvelope, fc.nat(), fc.nat(7), fc.nat(), (envelope, place, bit, end) => {
      const bytes = Uint8Array.from(encodeEnvelope(envelope))
      assert('problem' in decodeEnvelope(bytes.subarray(0, end % bytes.length)))
      const at = place % bytes.length
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
      const decoded = decodeEnvelope(bytes)
      // What is taken for a message is one: it can be said again.
      if ('problem' in decoded) spoilt += 1
      else assert('body' in decodeEnvelope(encodeEnvelope(decoded)))
    }),
    { numRuns: 5000 }
  )
  t.ok(spoilt > 500, 'the limits are met')
  t.same(Object.keys(Object.prototype), [], 'no prototype has new members')
})

t.test('claims are compared with the bytes that are there', async t => {
  const claims = [
    'dd7fffffff',
    'dcffff00',
    'dfffffffff00',
    'c6ffffffff00',
    'dbffffffff',
    '91'.repeat(100),
    'c1',
    'd46900',
    'c70572ffffffffff',
    '97c0c0c0c0c0c0dd04000000',
    ''
  ]
  const before = process.memoryUsage().rss
  for (const claim of claims) {
    t.type(shapeProblem(Buffer.from(claim, 'hex')), 'string', claim)
    t.ok('problem' in decodeEnvelope(Buffer.from(claim, 'hex')))
  }
  t.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024)
  t.ok('problem' in decodeEnvelope(new Uint8Array(frameBytesMax + 1)))
})

t.test('fields beyond their limits', async t => {
  const good = [1, Buffer.alloc(16), [Buffer.alloc(16), 1, Buffer.alloc(8)], null, 5]
  const ask = ['10.0.0.0/24', 1, 'pool', 0, 1, null]
  const decode = (type: unknown, body: unknown, head: readonly unknown[] = good) =>
    decodeEnvelope(pack([...head, type, body]))
  t.ok('body' in decode('Ask', ask))
  const wrong: readonly (readonly [unknown, unknown])[] = [
    ['Ask', ['d'.repeat(65), 1, 'pool', 0, 1]],
    ['Ask', ['d\n', 1, 'pool', 0, 1]],
    ['Ask', ['d', -1, 'pool', 0, 1]],
    ['Ask', ['d', 1.5, 'pool', 0, 1]],
    ['Ask', ['d', 2 ** 53, 'pool', 0, 1]],
    ['Ask', ['d', 1, 'pool', 0]],
    ['Ask', ['d', 1, 'pool', 0, 1, Buffer.alloc(5)]],
    ['Ask', ['d', 1, 'pool', 0, 1, Buffer.from('00000000000000000000ffff0a000001', 'hex')]],
    ['Greeted', [Buffer.alloc(7)]],
    ['No', ['d', 1, 'pool', 'Because', [1, 2, 3, 4], []]],
    ['Summary', ['d', Buffer.alloc(8), [1, 2, 3]]],
    ['Confirm', ['d', Buffer.alloc(8), 1, Array.from({ length: runsPerMessageMax + 1 }, () => [])]],
    ['Confirm', ['d', Buffer.alloc(8), 1, [[Buffer.alloc(4, 255), 2, 1, 1, 1, 1, 1]]]],
    ['Confirm', ['d', Buffer.alloc(8), 1, [[Buffer.alloc(4), 0, 1, 1, 1, 1, 1]]]],
    [
      'Confirm',
      ['d', Buffer.alloc(8), 1, [[Buffer.alloc(4), 1, 1, 1, 1, 1, 1, Buffer.alloc(257)]]]
    ],
    ['Taken', { domain: 'd' }],
    ['Fanfare', []],
    ['constructor', []],
    ['__proto__', []],
    [7, []]
  ]
  for (const [type, body] of wrong) t.ok('problem' in decode(type, body), JSON.stringify([type]))
  t.ok('problem' in decode('Ask', ask, [1, Buffer.alloc(3), ...good.slice(2)]))
  t.ok('problem' in decode('Ask', ask, [...good.slice(0, 3), 7, 5]))
})

t.test('more runs than a message takes are a mistake of ours', async t => {
  const runs = Array<Run>(runsPerMessageMax + 1).fill(runOf('10.0.0.1', 1n))
  t.throws(() =>
    encodeEnvelope(envelopeOf({ type: 'Confirm', domain: 'd', nonce: '', wctr: 1, runs }))
  )
})

t.test('the largest message fits into a frame', async t => {
  const address = (i: number): Address => toAddress((0xfdn << 120n) + BigInt(i) * 4n)
  const runs = Array.from({ length: runsPerMessageMax }, (_, i): Run => ({
    start: address(i),
    end: address(i) + 1n,
    register: {
      fence: 2 ** 40,
      seq: 2 ** 40,
      owner: 2 ** 20,
      writer: 2 ** 20,
      wctr: 2 ** 40,
      tail: 'ab'.repeat(128)
    }
  }))
  const bytes = encodeEnvelope(
    envelopeOf({ type: 'Confirm', domain: 'd', nonce: '', wctr: 1, runs })
  )
  t.ok(bytes.length < frameBytesMax)
  t.ok('body' in decodeEnvelope(bytes))
})
