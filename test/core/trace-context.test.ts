// TRACEPARENT as the runtime passes it.

import t from 'tap'
import { parseTraceparent } from '../../src/core/trace-context.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

t.test('what is a context', async t => {
  const rows: [string, object | undefined][] = [
    [`00-${traceId}-${spanId}-01`, { traceId, spanId, isSampled: true }],
    [`00-${traceId}-${spanId}-00`, { traceId, spanId, isSampled: false }],
    [`00-${traceId}-${spanId}-03`, { traceId, spanId, isSampled: true }],
    [`01-${traceId}-${spanId}-01-what-comes-later`, { traceId, spanId, isSampled: true }],
    [`00-${traceId}-${spanId}-01-more`, undefined],
    [`ff-${traceId}-${spanId}-01`, undefined],
    [`00-${'0'.repeat(32)}-${spanId}-01`, undefined],
    [`00-${traceId}-${'0'.repeat(16)}-01`, undefined],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, undefined],
    [`00-${traceId}-${spanId}`, undefined],
    [` 00-${traceId}-${spanId}-01`, undefined],
    ['', undefined]
  ]
  for (const [text, expected] of rows) t.same(parseTraceparent(text), expected, text)
})
