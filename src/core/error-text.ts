// What a caught value says. Anything can be thrown, so nothing is taken for granted.

/** The sentence for a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The code of an error of the system or of Node, e.g. ENOENT or ERR_INVALID_URL. */
export function errorCodeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
