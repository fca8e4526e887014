// The text of one file into Kubernetes objects. What is wrong is said by document, and the others hold.

import type { Json } from '../core/fields.ts'
import { type KubeObject, readKubeObject } from '../core/selection/kube-objects.ts'
import { type DocumentReader, type DocumentText, readDocuments } from './document-text.ts'

/** What one file tells at one moment. */
export interface FactReading {
  readonly objects: readonly KubeObject[]
  /** Sentences that name file and document. */
  readonly problems: readonly string[]
  /** Something of it cannot be read at all, and nobody knows what that was to be. */
  readonly isPartial: boolean
}

/** More would not be read by anybody; a file may hold thousands of objects that are wrong in the same way. */
const maxProblems = 20

/** Read all documents of a file. Never throws. */
export function readFactText(text: DocumentText): FactReading {
  const reader = new FactReader()
  readDocuments(text, reader)
  const { objects, problems, isPartial } = reader
  const rest = problems.length - maxProblems
  if (rest > 0) problems.splice(maxProblems, rest, `${text.label}: ${rest} problems more`)
  return { objects, problems, isPartial }
}

class FactReader implements DocumentReader {
  readonly objects: KubeObject[] = []
  readonly problems: string[] = []
  isPartial = false

  onObject(value: Json, source: string): void {
    const read = readKubeObject(value, source)
    if (!('problems' in read)) this.objects.push(read)
    else this.problems.push(...read.problems.map(problem => `${source}: ${problem}`))
  }

  onUnreadable(source: string, problem: string): void {
    this.isPartial = true
    this.problems.push(`${source}: ${problem}`)
  }
}
