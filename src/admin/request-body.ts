// The body of a request that orders something: a small JSON object of texts, read to its limit and no further.

import type { IncomingMessage } from 'node:http'
import { messageOf } from '../core/error-text.ts'
import { Fields, isObject, type Json } from '../core/fields.ts'

/** Names and addresses; nothing that is asked for here is longer. */
export const bodyBytesMax = 4_096

/** The object that was sent, empty when nothing was. */
export async function readBody(
  request: IncomingMessage,
  bytesMax: number
): Promise<{ readonly body: Json } | { readonly problem: string }> {
  const text = await readText(request, bytesMax)
  if (text === undefined) return { problem: `the body has more than ${bytesMax} bytes` }
  if (text.trim() === '') return { body: {} }
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? { body: value } : { problem: 'the body is no JSON object' }
  } catch (error) {
    return { problem: `the body is no JSON: ${messageOf(error)}` }
  }
}

/** Undefined when it is too long. Rejects when the connection breaks. */
function readText(request: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= bytesMax) return void chunks.push(chunk)
      // What follows is thrown away unread until the answer has closed the connection.
      chunks.length = 0
      resolve(undefined)
    })
    request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    request.once('error', reject)
    request.once('close', () => reject(new Error('the request ended too early')))
  })
}

/** Which keys an order has, and what each must be in the words of a refusal. */
export interface Form {
  readonly required: Readonly<Record<string, string>>
  readonly optional?: Readonly<Record<string, string>>
}

/** Non-empty texts by key, without space around them; or what is wrong with the body, one sentence each. */
export function textsOf(
  body: Json,
  { required, optional = {} }: Form
): { readonly texts: Readonly<Record<string, string>> } | { readonly problem: string } {
  const trimmed = Object.fromEntries(
    Object.entries(body).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.trim() : value
    ])
  )
  const problems: string[] = []
  const fields = new Fields('body', trimmed, problems)
  fields.onlyKeys([...Object.keys(required), ...Object.keys(optional)])
  const texts: Record<string, string> = {}
  for (const [key, sentence] of Object.entries({ ...required, ...optional })) {
    const text = fields.text(key, sentence)
    if (text !== undefined) texts[key] = text
    else if (key in required && fields.get(key) === undefined) fields.refuse(key, sentence)
  }
  return problems.length === 0 ? { texts } : { problem: problems.join('; ') }
}
