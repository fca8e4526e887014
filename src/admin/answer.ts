// What the admin socket answers: a status of HTTP and JSON. A refusal has a sentence for people in `error`.

export interface Answer {
  readonly status: number
  readonly body?: unknown
  /** In the place of JSON. */
  readonly text?: {
    /** Its media type. */
    readonly type: string
    readonly content: string | Uint8Array
    readonly headers?: Readonly<Record<string, string>>
  }
}

export type RefusalStatus = 400 | 401 | 403 | 404 | 405 | 409 | 421 | 429 | 503

export function shown(body: unknown): Answer {
  return { status: 200, body }
}

/** `more` is what tools need beside the sentence. */
export function refused(
  status: RefusalStatus,
  error: string,
  more: Readonly<Record<string, unknown>> = {}
): Answer {
  return { status, body: { error, ...more } }
}
