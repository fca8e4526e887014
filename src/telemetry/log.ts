// Structured logs, one JSON object a line on stdout. Errors are told with their causes, never with secrets.

import { pino } from 'pino'
import type { Log } from '../ports/log.ts'

export interface LogOptions {
  readonly level: string
  readonly node: string
}

export function createLog({ level, node }: LogOptions): Log {
  const destination = pino.destination({ fd: 1, sync: true })
  // A log that cannot be written (a full disk, a reader that went away) is lost, and nothing else is.
  destination.on('error', () => {})
  return pino(
    {
      level,
      base: { node },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err }
    },
    destination
  )
}
