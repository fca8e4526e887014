// The text of one file cut into objects: a YAML stream or one JSON value, and what `kubectl get` prints of many.
// One bad document never takes the others along.

import { LineCounter, parseAllDocuments } from 'yaml'
import { isObject, type Json, show } from '../core/fields.ts'

export interface DocumentText {
  readonly text: string
  readonly format: 'yaml' | 'json'
  /** What people call the file. */
  readonly label: string
}

export interface DocumentReader {
  /** `source` says where it stands, for people: "blue.yaml, document 2, item 1". */
  onObject(value: Json, source: string): void
  /** Whatever it was to be, it cannot be read: `problem` says why. */
  onUnreadable(source: string, problem: string): void
}

/** Tell `reader` of everything in a file, in its order. Throws only what the reader throws. */
export function readDocuments(input: DocumentText, reader: DocumentReader): void {
  const cutter = new Cutter(input, reader)
  if (input.format === 'json') cutter.readJson()
  else cutter.readYaml()
}

class Cutter {
  readonly #input: DocumentText
  readonly #reader: DocumentReader

  constructor(input: DocumentText, reader: DocumentReader) {
    this.#input = input
    this.#reader = reader
  }

  readJson(): void {
    const source = this.#sourceOf(1)
    const parsed = attempt(() => JSON.parse(this.#input.text) as unknown)
    if ('value' in parsed) this.#readValue(parsed.value, source)
    else this.#reader.onUnreadable(source, `is no JSON: ${parsed.problem}`)
  }

  /**
   * A line of three dashes separates documents wherever it stands, even within a quoted text (YAML
   * 1.2.2 section 9.1.2), so the text is cut there first: an unclosed quote ends with its document.
   */
  readYaml(): void {
    let line = 0
    let count = 0
    for (const part of this.#input.text.split(/^(?=---(?:\s|$))/m)) {
      count = this.#readPart(part, line, count)
      line += part.split('\n').length - 1
    }
  }

  #readPart(part: string, linesBefore: number, countBefore: number): number {
    let count = countBefore
    const lines = new LineCounter()
    const parsed = attempt(() => parseDocuments(part, lines))
    if (!('value' in parsed)) this.#refuse(this.#sourceOf(count + 1), parsed.problem)
    for (const document of 'value' in parsed ? parsed.value : []) {
      if (document.contents === null && document.errors.length === 0) continue
      count += 1
      const source = this.#sourceOf(count)
      const [error] = document.errors
      if (error !== undefined) {
        const line = linesBefore + lines.linePos(error.pos[0]).line
        this.#reader.onUnreadable(source, `is no YAML: line ${line}: ${error.message}`)
        continue
      }
      const made = attempt(() => plain(document.toJS()))
      if ('value' in made) this.#readValue(made.value, source)
      else this.#refuse(source, made.problem)
    }
    return count
  }

  #refuse(source: string, problem: string): void {
    this.#reader.onUnreadable(source, `cannot be read: ${problem}`)
  }

  #sourceOf(count: number): string {
    return `${this.#input.label}, document ${count}`
  }

  #readValue(value: unknown, source: string): void {
    if (value === null) return
    if (!isObject(value)) {
      const problem = `${show(value)} must be a map with apiVersion, kind, metadata and spec`
      this.#reader.onUnreadable(source, problem)
    } else if (value['kind'] === 'List' && value['apiVersion'] === 'v1') {
      this.#readList(value, source)
    } else {
      this.#reader.onObject(value, source)
    }
  }

  /** What `kubectl get -o yaml` prints. */
  #readList({ items }: Json, source: string): void {
    if (!Array.isArray(items)) {
      return this.#reader.onUnreadable(source, `items: ${show(items)} must be a list`)
    }
    for (const [i, item] of (items as unknown[]).entries()) {
      const place = `${source}, item ${i + 1}`
      if (isObject(item)) this.#reader.onObject(item, place)
      else this.#reader.onUnreadable(place, `${show(item)} must be a map`)
    }
  }
}

function parseDocuments(text: string, lineCounter: LineCounter) {
  const options = { lineCounter, prettyErrors: false, logLevel: 'error', merge: true } as const
  const documents = parseAllDocuments(text, options)
  return 'empty' in documents ? [] : documents
}

/** An alias inside its own anchor makes an object without an end; JSON has none, and refuses it. */
function plain(value: unknown): unknown {
  JSON.stringify(value)
  return value
}

function attempt<T>(make: () => T): { readonly value: T } | { readonly problem: string } {
  try {
    return { value: make() }
  } catch (error) {
    const problem = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return { problem }
  }
}
