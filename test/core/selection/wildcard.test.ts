// Patterns as Go's path/filepath.Match reads them; the rows are those of its documentation and its oddities.

import t from 'tap'
import { isWildcard, wildcardOf } from '../../../src/core/selection/wildcard.ts'

t.test('what a pattern is like', async t => {
  const rows: [string, string, boolean | undefined][] = [
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['[\\-x]', '-', true],
    ['[x\\-]', 'z', false],
    ['[a-b-c]', 'a', undefined],
    ['[d-a]', 'b', false],
    ['[]a]', ']', undefined],
    ['[-]', '-', undefined],
    ['[x-]', 'x', undefined],
    ['[', 'a', undefined],
    ['[^', 'a', undefined],
    ['a[', 'a', undefined],
    ['a\\', 'a', undefined],
    ['a.c', 'abc', false],
    ['(a|b)+', 'a', false],
    ['?', '☺', true]
  ]
  for (const [pattern, name, is] of rows) {
    t.equal(wildcardOf(pattern)?.(name), is, `${pattern} and ${name}`)
  }
})

t.test('which texts are patterns', async t => {
  t.same(['a', 'a.b-c', 'a*', 'a?', '[a]', 'a\\b'].map(isWildcard), [
    false,
    false,
    true,
    true,
    true,
    true
  ])
})
