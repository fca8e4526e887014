// One object of a document from outside, read key by key. What is wrong is gathered as sentences
// that name key, value and what it may be, so that a person can repair all of it in one go.

export type Json = Readonly<Record<string, unknown>>

const shownLength = 80

/** A value as a sentence shows it. */
export function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One entry of a list with where it stands, e.g. `spec.ips[3]`. */
export interface Entry<T> {
  readonly path: string
  readonly value: T
}

export class Fields {
  readonly problems: string[]
  readonly #path: string
  readonly #values: Json

  /** `problems` is shared by the readers of all parts of one document. */
  constructor(path: string, values: Json, problems: string[]) {
    this.#path = path
    this.#values = values
    this.problems = problems
  }

  pathOf(key: string): string {
    return `${this.#path}.${key}`
  }

  /** The value of a key. Like Kubernetes, an explicit null counts as absent. */
  get(key: string): unknown {
    return (Object.hasOwn(this.#values, key) ? this.#values[key] : undefined) ?? undefined
  }

  refuse(key: string, sentence: string): void {
    const value = this.get(key)
    const problem = value === undefined ? 'is missing;' : show(value)
    this.problems.push(`${this.pathOf(key)}: ${problem} ${sentence}`)
  }

  /** A key nobody knows is a typo, and a typo must not pass for a default. */
  onlyKeys(known: readonly string[]): void {
    for (const key of Object.keys(this.#values)) {
      if (known.includes(key)) continue
      this.problems.push(`${this.pathOf(key)}: unknown key; known are ${known.join(', ')}`)
    }
  }

  boolean(key: string): boolean | undefined {
    const value = this.get(key)
    if (value === undefined || typeof value === 'boolean') return value
    return void this.refuse(key, 'must be true or false')
  }

  integer(key: string, sentence: string): number | undefined {
    const value = this.get(key)
    if (value === undefined || Number.isSafeInteger(value)) return value as number | undefined
    return void this.refuse(key, sentence)
  }

  text(key: string, sentence: string): string | undefined {
    const value = this.get(key)
    if (value === undefined || (typeof value === 'string' && value !== '')) return value
    return void this.refuse(key, sentence)
  }

  /** A nested object with a reader of its own. */
  object(key: string): Fields | undefined {
    const value = this.get(key)
    if (value === undefined) return undefined
    if (isObject(value)) return new Fields(this.pathOf(key), value, this.problems)
    return void this.refuse(key, 'must be a map of keys and values')
  }

  /** The entries of an object whose keys are free, e.g. labels. */
  entries(): [key: string, value: unknown][] {
    return Object.entries(this.#values)
  }

  /** The entries of a list; none when the key is absent or no list. */
  list(key: string): Entry<unknown>[] {
    const value = this.get(key)
    if (value === undefined) return []
    if (Array.isArray(value)) {
      return value.map((entry, i) => ({
        path: `${this.pathOf(key)}[${i}]`,
        value: entry as unknown
      }))
    }
    this.refuse(key, 'must be a list')
    return []
  }

  texts(key: string): Entry<string>[] {
    return this.list(key).filter((entry): entry is Entry<string> => {
      if (typeof entry.value === 'string' && entry.value !== '') return true
      this.problems.push(`${entry.path}: ${show(entry.value)} must be a text; quote it`)
      return false
    })
  }

  objects(key: string): Fields[] {
    return this.list(key).flatMap(({ path, value }) => {
      if (isObject(value)) return [new Fields(path, value, this.problems)]
      this.problems.push(`${path}: ${show(value)} must be a map of keys and values`)
      return []
    })
  }
}
