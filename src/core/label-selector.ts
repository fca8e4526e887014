// Kubernetes label selectors: what they may say, and what they select.

import { dnsSubdomainRule, isDnsSubdomain } from './dns-name.ts'
import { type Entry, type Fields, show } from './fields.ts'

const setOperators = ['In', 'NotIn'] as const
const presenceOperators = ['Exists', 'DoesNotExist'] as const

export type LabelRequirement =
  | {
      readonly key: string
      readonly operator: (typeof setOperators)[number]
      /** At least one. */
      readonly values: readonly string[]
    }
  | { readonly key: string; readonly operator: (typeof presenceOperators)[number] }

/**
 * As in k8s.io/api meta/v1 LabelSelector: all of `matchLabels` and all of `matchExpressions` must
 * hold; one that says nothing selects everything.
 */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>
  readonly matchExpressions: readonly LabelRequirement[]
}

/**
 * Read a selector, e.g. `{ matchLabels: { app: web }, matchExpressions: [{ key: tier, operator: In,
 * values: [a, b] }] }`. What is wrong goes to the reader's problems, and the result lacks it.
 */
export function readLabelSelector(selector: Fields): LabelSelector {
  selector.onlyKeys(['matchLabels', 'matchExpressions'])
  const labels = selector.object('matchLabels')
  return {
    matchLabels: labels === undefined ? {} : readLabels(labels),
    matchExpressions: selector
      .objects('matchExpressions')
      .map(readRequirement)
      .filter(requirement => requirement !== undefined)
  }
}

/** Does it select everything, because it says nothing? */
export function selectsEverything({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels).length + matchExpressions.length === 0
}

/** As in k8s.io/apimachinery labels.Requirement: a label that is absent satisfies NotIn. */
export function selects(
  { matchLabels, matchExpressions }: LabelSelector,
  labels: Readonly<Record<string, string>>
): boolean {
  for (const key in matchLabels) {
    if (!Object.hasOwn(labels, key) || labels[key] !== matchLabels[key]) return false
  }
  return matchExpressions.every(requirement => isMet(requirement, labels))
}

function isMet(requirement: LabelRequirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value)
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

/** One line for a person, in the form of kubectl's `--selector`. */
export function selectorText({ matchLabels, matchExpressions }: LabelSelector): string {
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`)
  const others = matchExpressions.map(requirement => {
    switch (requirement.operator) {
      case 'In':
        return `${requirement.key} in (${requirement.values.join(',')})`
      case 'NotIn':
        return `${requirement.key} notin (${requirement.values.join(',')})`
      case 'Exists':
        return requirement.key
      case 'DoesNotExist':
        return `!${requirement.key}`
    }
  })
  return [...equal, ...others].join(',')
}

function readLabels(labels: Fields): Record<string, string> {
  const read: [string, string][] = []
  for (const [key, value] of labels.entries()) {
    const problem =
      labelKeyProblem(key) ??
      (typeof value === 'string' ? labelValueProblem(value) : 'must be a text; quote it')
    if (problem === undefined) read.push([key, value as string])
    else labels.problems.push(`${labels.pathOf(key)}: ${show(value)} ${problem}`)
  }
  return Object.fromEntries(read)
}

function readRequirement(fields: Fields): LabelRequirement | undefined {
  const before = fields.problems.length
  fields.onlyKeys(['key', 'operator', 'values'])
  const key = requiredText(fields, 'key', 'must be the key of a label')
  const allowed = [...setOperators, ...presenceOperators].join(', ')
  const name = requiredText(fields, 'operator', `must be one of ${allowed}`)
  const entries = fields.list('values')
  const values = entries.flatMap(entry => readValue(entry, fields.problems))
  const keyProblem = key === undefined ? undefined : labelKeyProblem(key)
  if (keyProblem !== undefined) fields.refuse('key', keyProblem)

  const setOperator = setOperators.find(known => known === name)
  const presenceOperator = presenceOperators.find(known => known === name)
  if (setOperator !== undefined && entries.length === 0) {
    fields.refuse('values', `must name at least one value for the operator ${setOperator}`)
  } else if (presenceOperator !== undefined && entries.length > 0) {
    fields.refuse('values', `must be left out for the operator ${presenceOperator}`)
  } else if (name !== undefined && (setOperator ?? presenceOperator) === undefined) {
    fields.refuse('operator', `must be one of ${allowed}`)
  }
  if (fields.problems.length > before || key === undefined) return undefined
  if (setOperator !== undefined) return { key, operator: setOperator, values }
  return presenceOperator && { key, operator: presenceOperator }
}

function requiredText(fields: Fields, key: string, sentence: string): string | undefined {
  if (fields.get(key) === undefined) return void fields.refuse(key, sentence)
  return fields.text(key, sentence)
}

/** Unlike other lists of texts, one of label values may hold the empty one. */
function readValue({ path, value }: Entry<unknown>, problems: string[]): string[] {
  const problem = typeof value === 'string' ? labelValueProblem(value) : 'must be a text; quote it'
  if (problem === undefined) return [value as string]
  problems.push(`${path}: ${show(value)} ${problem}`)
  return []
}

const namePattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const nameRule =
  'at most 63 letters, digits, "-", "_" and ".", starting and ending with a letter or digit'

/** A name of `namePattern`, or such a name after a DNS subdomain and a slash. */
function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/')
  if (slash >= 0 && !isDnsSubdomain(key.slice(0, slash))) {
    return `has the label key "${key}", whose prefix must be a DNS name: ${dnsSubdomainRule}`
  }
  if (!namePattern.test(key.slice(slash + 1))) {
    return `has the label key "${key}", whose name must be ${nameRule}`
  }
  return undefined
}

function labelValueProblem(value: string): string | undefined {
  if (value === '' || namePattern.test(value)) return undefined
  return `is no label value, which is empty or ${nameRule}`
}
