// The text of one file into pool documents. What may hide a pool is said of each problem.

import { isObject, type Json, show } from '../core/fields.ts'
import type { PoolDocument, PoolListing, PoolProblem } from '../ports/pool-source.ts'
import { type DocumentReader, type DocumentText, readDocuments } from './document-text.ts'

export const poolApiVersion = 'spiderpool.spidernet.io/v2beta1'
const poolKinds = ['SpiderIPPool', 'SpiderSubnet', 'SpiderReservedIP'] as const
const ourKinds = `${poolKinds.join(', ')} of ${poolApiVersion}`
/** Spiderpool's other kinds, which people keep beside their pools; a later release reads them. */
const laterKinds = ['SpiderMultusConfig', 'SpiderEndpoint']
/** Read by others from the same files. */
const othersKinds = ['SpiderCoordinator']

export interface PoolText extends DocumentText {
  readonly file: string
}

/** Read all documents of a file: a YAML stream, or one JSON value. Never throws. */
export function readPoolText(poolText: PoolText): PoolListing {
  const reader = new PoolReader(poolText.file)
  readDocuments(poolText, reader)
  return reader.listing
}

class PoolReader implements DocumentReader {
  readonly listing = {
    documents: [] as PoolDocument[],
    problems: [] as PoolProblem[],
    skipped: [] as string[]
  }
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  onObject(value: Json, source: string): void {
    const { apiVersion, kind: kindName, metadata, spec } = value
    const name = isObject(metadata) ? metadata['name'] : undefined
    if (apiVersion === poolApiVersion && othersKinds.includes(String(kindName))) return
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
      else this.onUnreadable(source, problem, typeof name === 'string' ? name : undefined)
    } else if (typeof name !== 'string' || name === '') {
      this.onUnreadable(source, `metadata.name: ${show(name)} must be the name of the ${kind}`)
    } else if (apiVersion !== poolApiVersion) {
      this.onUnreadable(source, `apiVersion: ${show(apiVersion)} must be ${poolApiVersion}`, name)
    } else if (!isObject(spec)) {
      this.onUnreadable(source, `spec: ${show(spec)} must be a map of keys and values`, name)
    } else {
      const annotations = isObject(metadata) ? metadata['annotations'] : undefined
      this.listing.documents.push({
        ...{ kind, name, spec, source, file: this.#file },
        ...(isObject(annotations) && { annotations })
      })
    }
  }

  /** Whatever it was to be, it may be in force already; `unread` keeps that so. */
  onUnreadable(source: string, problem: string, name?: string): void {
    const unread = this.#file
    this.listing.problems.push({ source, ...(name !== undefined && { name }), problem, unread })
  }
}
