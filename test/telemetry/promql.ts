// Which metrics and labels an expression of PromQL names, by Prometheus' own grammar.

import { parser } from '@prometheus-io/lezer-promql'

export interface Selector {
  readonly metric: string
  readonly labels: readonly string[]
}

export interface Expression {
  readonly selectors: readonly Selector[]
  /** After `by`, `without`, `on` and `ignoring`. */
  readonly grouping: readonly string[]
  /** What stands where nothing can stand; empty for an expression that is one. */
  readonly mistakes: readonly string[]
}

export function readExpression(text: string): Expression {
  const selectors: Selector[] = []
  const grouping: string[] = []
  const mistakes: string[] = []
  parser.parse(text).iterate({
    enter: node => {
      const content = text.slice(node.from, node.to)
      if (node.type.isError)
        mistakes.push(`at ${node.from}: ${text.slice(node.from - 10, node.to + 10)}`)
      if (node.name === 'VectorSelector') {
        const { node: selector } = node
        const name = selector.getChild('Identifier')
        const matchers =
          selector.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []
        const labels = matchers.map(matcher => {
          const label = matcher.getChild('LabelName')
          return label === null ? '' : text.slice(label.from, label.to)
        })
        selectors.push({ metric: name === null ? '' : text.slice(name.from, name.to), labels })
      }
      if (node.name === 'LabelName' && node.node.parent?.name === 'GroupingLabels') {
        grouping.push(content)
      }
    }
  })
  return { selectors, grouping, mistakes }
}
