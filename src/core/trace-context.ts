// The trace that a runtime asks in: W3C Trace Context, "3.2 Traceparent Header", which OpenTelemetry passes to programs in
// the environment variable TRACEPARENT. What is no such text is as if there were none (section 4.3).

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** Of the span that the request belongs to: 16 hexadecimal digits. */
  readonly spanId: string
  readonly isSampled: boolean
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const invalidVersion = 'ff'
const firstVersion = '00'

export function parseTraceparent(text: string): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', rest] = form.exec(text) ?? []
  if (version === undefined || version === invalidVersion) return undefined
  // Later versions may have more behind it.
  if (version === firstVersion && rest !== undefined) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}
