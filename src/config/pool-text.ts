// The text of one file into pool documents. One bad document never takes the others along.

import { LineCounter, parseAllDocuments } from 'yaml'
import { isObject, type Json, show } from '../core/fields.ts'
import type { PoolDocument, PoolListing, PoolProblem } from '../ports/pool-source.ts'

export const poolApiVersion = 'spiderpool.spidernet.io/v2beta1'
const poolKinds = ['SpiderIPPool', 'SpiderReservedIP'] as const
const ourKinds = `${poolKinds.join(' and ')} of ${poolApiVersion}`
/** Spiderpool's other kinds, which people keep beside their pools; a later release reads them. */
const laterKinds = ['SpiderSubnet', 'SpiderMultusConfig', 'SpiderCoordinator', 'SpiderEndpoint']

export interface PoolText {
  readonly text: string
  readonly format: 'yaml' | 'json'
  /** What people call the file. */
  readonly label: string
  readonly file: string
}

/** Read all documents of a file: a YAML stream, or one JSON value. Never throws. */
export function readPoolText(poolText: PoolText): PoolListing {
  const reader = new Reader(poolText)
  if (poolText.format === 'json') reader.readJson()
  else reader.readYaml()
  return reader.listing
}

class Reader {
  readonly listing = {
    documents: [] as PoolDocument[],
    problems: [] as PoolProblem[],
    skipped: [] as string[]
  }
  readonly #input: PoolText

  constructor(input: PoolText) {
    this.#input = input
  }

  readJson(): void {
    const source = this.#sourceOf(1)
    try {
      this.#readValue(JSON.parse(this.#input.text), source)
    } catch (error) {
      this.#refuse(source, `is no JSON: ${messageOf(error)}`)
    }
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
    let source = this.#sourceOf(count + 1)
    const lines = new LineCounter()
    try {
      for (const document of parseDocuments(part, lines)) {
        if (document.contents === null && document.errors.length === 0) continue
        count += 1
        source = this.#sourceOf(count)
        const [error] = document.errors
        if (error === undefined) this.#readValue(plain(document.toJS()), source)
        else {
          const line = linesBefore + lines.linePos(error.pos[0]).line
          this.#refuse(source, `is no YAML: line ${line}: ${error.message}`)
        }
      }
    } catch (error) {
      this.#refuse(source, `cannot be read: ${messageOf(error)}`)
    }
    return count
  }

  #sourceOf(count: number): string {
    return `${this.#input.label}, document ${count}`
  }

  #readValue(value: unknown, source: string): void {
    if (value === null) return
    if (!isObject(value)) {
      this.#refuse(source, `${show(value)} must be a map with apiVersion, kind, metadata and spec`)
    } else if (value['kind'] === 'List' && value['apiVersion'] === 'v1') {
      this.#readList(value, source)
    } else {
      this.#readObject(value, source)
    }
  }

  /** What `kubectl get -o yaml` prints. */
  #readList({ items }: Json, source: string): void {
    if (!Array.isArray(items)) return this.#refuse(source, `items: ${show(items)} must be a list`)
    for (const [i, item] of (items as unknown[]).entries()) {
      const place = `${source}, item ${i + 1}`
      if (isObject(item)) this.#readObject(item, place)
      else this.#refuse(place, `${show(item)} must be a map`)
    }
  }

  #readObject(value: Json, source: string): void {
    const { apiVersion, kind: kindName, metadata, spec } = value
    const name = isObject(metadata) ? metadata['name'] : undefined
    const kind = poolKinds.find(known => known === kindName)
    if (
      kind === undefined &&
      apiVersion === poolApiVersion &&
      laterKinds.includes(String(kindName))
    ) {
      this.listing.skipped.push(`${source}: ${String(kindName)}`)
    } else if (kind === undefined) {
      const what = `${show(kindName)} of apiVersion ${show(apiVersion)}`
      const problem = `kind: ${what} is not read here; pools are ${ourKinds}`
      // A ConfigMap is a stranger; a SpiderIPpool may be a pool in force with a typo in it.
      const isStranger = typeof kindName === 'string' && apiVersion !== poolApiVersion
      if (isStranger) this.listing.problems.push({ source, problem })
      else this.#refuse(source, problem, typeof name === 'string' ? name : undefined)
    } else if (typeof name !== 'string' || name === '') {
      this.#refuse(source, `metadata.name: ${show(name)} must be the name of the ${kind}`)
    } else if (apiVersion !== poolApiVersion) {
      this.#refuse(source, `apiVersion: ${show(apiVersion)} must be ${poolApiVersion}`, name)
    } else if (!isObject(spec)) {
      this.#refuse(source, `spec: ${show(spec)} must be a map of keys and values`, name)
    } else {
      this.listing.documents.push({ kind, name, spec, source, file: this.#input.file })
    }
  }

  /** Whatever it was to be, it may be in force already; `unread` keeps that so. */
  #refuse(source: string, problem: string, name?: string): void {
    const unread = this.#input.file
    this.listing.problems.push({ source, ...(name !== undefined && { name }), problem, unread })
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

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}
