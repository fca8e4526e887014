// The secret with which orders may come over TCP. It is compared in a time that tells nothing of it, and never shown.

import { createHash, timingSafeEqual } from 'node:crypto'

/** What `openssl rand -hex 16` prints: nobody guesses it. */
const tokenLengthMin = 32

export class Token {
  readonly #digest: Buffer

  constructor(secret: string) {
    this.#digest = digestOf(secret)
  }

  /** Digests are of one length, so the comparison takes the same time for every guess. */
  matches(guess: string): boolean {
    return timingSafeEqual(this.#digest, digestOf(guess))
  }
}

export function parseToken(text: string): Token | { readonly problem: string } {
  const word = text.trim()
  if (word.length >= tokenLengthMin && !/\s/.test(word)) return new Token(word)
  return {
    problem: `must hold one word of at least ${tokenLengthMin} characters; openssl rand -hex 32 makes one`
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
