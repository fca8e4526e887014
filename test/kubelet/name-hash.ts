// The end of the name of a generated ConfigMap or Secret, by which a change of its content is a change of whoever
// names it (kustomize, api/hasher/hasher.go).

import { createHash } from 'node:crypto'
import type { KubeObject } from './kustomize.ts'

/** So that no word comes of it. */
const substitutes: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' }
const length = 10

export function hashOf(object: KubeObject): string {
  const { kind, data, type } = object
  // It means to take the name along, and looks for it where it is not: nothing can change that any more.
  const encoded = encode({ data, kind, name: '', ...(kind === 'Secret' && { type }) })
  const hex = createHash('sha256').update(encoded).digest('hex').slice(0, length)
  return hex.replaceAll(/[013ae]/g, digit => substitutes[digit] ?? digit)
}

/** As Go's encoding/json does: keys sorted, and what HTML would take for its own escaped. */
function encode(value: unknown): string {
  const sorted = (inner: unknown): unknown =>
    typeof inner === 'object' && inner !== null
      ? Object.fromEntries(
          Object.entries(inner)
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, one]) => [key, sorted(one)])
        )
      : inner
  return JSON.stringify(sorted(value)).replaceAll(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}
