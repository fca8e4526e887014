// Chance that can be repeated: a generator of numbers that a seed and the name of a stream determine, so that
// one part of a history that draws more often leaves the draws of all others alone.

import type { Random } from '../../src/ports/random.ts'

export class Chance implements Random {
  #a: number
  #b: number
  #c: number
  #count = 1

  constructor(seed: number, stream: string) {
    this.#a = fold(stream, seed)
    this.#b = fold(stream, seed ^ 0x9e3779b9)
    this.#c = fold(stream, Math.floor(seed / 2 ** 32) ^ 0x85ebca6b)
    for (let i = 0; i < 12; i += 1) this.#bits()
  }

  next(): number {
    return this.#bits() / 2 ** 32
  }

  hex(bytes: number): string {
    let digits = ''
    while (digits.length < 2 * bytes) digits += this.#bits().toString(16).padStart(8, '0')
    return digits.slice(0, 2 * bytes)
  }

  /** An integer from 0 to before `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  /** Does something of this probability happen? */
  hits(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  /** One of them; there must be one. */
  pick<One>(list: readonly One[]): One {
    return list[this.below(list.length)] as One
  }

  shuffled<One>(list: readonly One[]): One[] {
    const mixed = [...list]
    for (let i = mixed.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1)
      ;[mixed[i], mixed[j]] = [mixed[j] as One, mixed[i] as One]
    }
    return mixed
  }

  /** Small fast counter (sfc32): passes the usual batteries and needs four words. */
  #bits(): number {
    const t = (((this.#a + this.#b) | 0) + this.#count) | 0
    this.#count = (this.#count + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    return t >>> 0
  }
}

/** FNV-1a over the text, from any start; 32 bits. */
export function fold(text: string, start = 0): number {
  let hash = start ^ 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash | 0
}
