// The other end of the admin socket: one request of the command line, and its answer.

import { errorCodeOf, messageOf } from '../core/error-text.ts'
import { request } from './http.ts'

/** Longer than the daemon itself waits for other nodes. */
const answerTimeoutMs = 60_000

export interface AdminRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
}

/** What the daemon said, or why there is no answer. */
export type AdminReply =
  { readonly status: number; readonly text: string } | { readonly problem: string }

export function callAdmin(socketPath: string, call: AdminRequest): Promise<AdminReply> {
  const { method, path, body } = call
  return new Promise(resolve => {
    const asked = request({ socketPath, path, method, timeout: answerTimeoutMs }, answer => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => (text += chunk))
      answer.on('error', error => resolve(broken(socketPath, error)))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    asked.on('timeout', () => asked.destroy(new Error('it has not answered in a minute')))
    asked.on('error', error => resolve(broken(socketPath, error)))
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function broken(socketPath: string, error: Error): AdminReply {
  const code = errorCodeOf(error)
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return {
      problem: `no daemon answers at ${socketPath}; start it, or name its socket with --socket or its configuration with --config`
    }
  }
  if (code === 'EACCES') return { problem: `${socketPath} is for root alone` }
  return { problem: `the daemon at ${socketPath} gave no answer: ${messageOf(error)}` }
}
