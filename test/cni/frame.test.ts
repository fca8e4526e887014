// Frames and requests from somebody who is not a plugin of ours.

import { pack } from 'msgpackr'
import t from 'tap'
import { FrameReader, frameBytesMax, frameOf } from '../../src/cni/frame.ts'
import { decodeRequest } from '../../src/cni/plugin-request.ts'
import * as fc from '../support/property.ts'

const good = {
  v: 1,
  role: 'orbweaver',
  verb: 'ADD',
  cid: Buffer.from('c1'),
  netns: Buffer.from('/run/netns/a'),
  ifname: Buffer.from('eth0'),
  args: Buffer.alloc(0),
  path: Buffer.alloc(0),
  start: 2n ** 60n,
  budget: 5_000,
  conf: Buffer.from('{}')
}

t.test('frames come out whole, however they were cut', async t => {
  const bodies = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(70_000, 7)]
  const stream = Buffer.concat(bodies.map(frameOf))
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), cuts => {
      const reader = new FrameReader()
      const frames: Buffer[] = []
      const at = [0, ...cuts.sort((a, b) => a - b), stream.length]
      for (let i = 1; i < at.length; i += 1) {
        frames.push(...reader.read(stream.subarray(at[i - 1], at[i])).map(one => Buffer.from(one)))
      }
      return frames.length === 3 && frames.every((frame, i) => frame.equals(bodies[i] as Buffer))
    })
  )
  t.pass('for any cuts')
})

t.test('a frame that is too long ends it before it is kept', async t => {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(frameBytesMax + 1)
  t.throws(() => new FrameReader().read(header), { code: 'ERR_FRAME_INVALID' })
})

t.test('a request is read field by field', async t => {
  t.match(decodeRequest(pack(good)), {
    role: 'orbweaver',
    containerId: 'c1',
    start: 2n ** 60n,
    budget: 5_000,
    boot: undefined
  })
  t.match(decodeRequest(pack({ ...good, boot: 'b', extra: { deep: [1] } })), { boot: 'b' })
  t.equal(decodeRequest(pack({ ...good, budget: 1e15 })).budget, 3_600_000, 'bounded')
  for (const field of [
    'role',
    'verb',
    'cid',
    'netns',
    'ifname',
    'args',
    'start',
    'budget',
    'conf'
  ]) {
    for (const value of [undefined, null, {}, [], -1, 1.5, true, 2n ** 63n]) {
      const request = pack({ ...good, [field]: value })
      t.throws(() => decodeRequest(request), {
        code: 'ERR_FRAME_INVALID',
        message: new RegExp(field)
      })
    }
  }
})

t.test('garbage is refused and nothing else', async t => {
  const whole = pack(good)
  const broken = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = Buffer.from(whole)
      copy[at] = byte
      return copy
    }),
    fc.nat(whole.length - 1).map(length => whole.subarray(0, length))
  )
  fc.assert(
    fc.property(broken, bytes => {
      try {
        decodeRequest(Buffer.from(bytes))
      } catch (error) {
        return error instanceof Error && 'code' in error && error.code === 'ERR_FRAME_INVALID'
      }
      return true
    }),
    { numRuns: 3_000 }
  )
  t.pass('always with ERR_FRAME_INVALID')
})
