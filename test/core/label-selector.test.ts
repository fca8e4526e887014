import t from 'tap'
import { Fields, type Json } from '../../src/core/fields.ts'
import {
  readLabelSelector,
  selects,
  selectorText,
  selectsEverything
} from '../../src/core/label-selector.ts'

function read(selector: Json) {
  const problems: string[] = []
  return { selector: readLabelSelector(new Fields('s', selector, problems)), problems }
}

const requirement = (key: unknown, operator: unknown, values?: unknown): Json => ({
  matchExpressions: [{ key, operator, ...(values !== undefined && { values }) }]
})

t.test('a selector is read as it is written', async t => {
  const { selector, problems } = read({
    matchLabels: { app: 'web', 'example.com/tier': '' },
    matchExpressions: [
      { key: 'zone', operator: 'In', values: ['a', ''] },
      { key: 'zone', operator: 'NotIn', values: ['b'] },
      { key: 'gpu', operator: 'Exists' },
      { key: 'spot', operator: 'DoesNotExist', values: [] }
    ]
  })
  t.same(problems, [])
  t.same(selector, {
    matchLabels: { app: 'web', 'example.com/tier': '' },
    matchExpressions: [
      { key: 'zone', operator: 'In', values: ['a', ''] },
      { key: 'zone', operator: 'NotIn', values: ['b'] },
      { key: 'gpu', operator: 'Exists' },
      { key: 'spot', operator: 'DoesNotExist' }
    ]
  })
  t.notOk(selectsEverything(selector))
})

t.test('a selector that says nothing selects everything', async t => {
  for (const empty of [{}, { matchLabels: {} }, { matchExpressions: [], matchLabels: null }]) {
    const { selector, problems } = read(empty)
    t.ok(selectsEverything(selector) && problems.length === 0, JSON.stringify(empty))
  }
})

t.test('keys of labels', async t => {
  const rows: [string, boolean, string][] = [
    ['a', true, 'one letter'],
    ['App_1.x-y', true, 'all kinds of characters'],
    ['a'.repeat(63), true, 'the longest name'],
    ['a'.repeat(64), false, 'a name too long'],
    ['example.com/a', true, 'a prefix'],
    [`${Array(127).fill('a').join('.')}/a`, true, 'the longest prefix'],
    [`${Array(128).fill('a').join('.')}/a`, false, 'a prefix too long'],
    ['Example.com/a', false, 'upper case in the prefix'],
    ['/a', false, 'an empty prefix'],
    ['example.com/', false, 'an empty name'],
    ['a/b/c', false, 'two slashes'],
    ['-a', false, 'a dash in front'],
    ['a.', false, 'a dot at the end'],
    ['a b', false, 'space'],
    ['', false, 'empty'],
    ['__proto__', false, 'of JavaScript'],
    ['constructor', true, 'of JavaScript, and a good key']
  ]
  for (const [key, isGood, why] of rows) {
    const labels = Object.fromEntries([[key, 'x']])
    t.equal(read({ matchLabels: labels }).problems.length, isGood ? 0 : 1, `label: ${why}`)
    const wrong = read(requirement(key, 'Exists')).problems
    t.equal(wrong.length, isGood ? 0 : 1, `expression: ${why}`)
  }
})

t.test('values of labels', async t => {
  const rows: [unknown, boolean, string][] = [
    ['', true, 'empty'],
    ['a', true, 'one letter'],
    ['a'.repeat(63), true, 'the longest'],
    ['a'.repeat(64), false, 'too long'],
    ['a/b', false, 'a slash'],
    ['_a', false, 'an underscore in front'],
    ['a\n', false, 'a line end'],
    [1, false, 'a number'],
    [true, false, 'a boolean']
  ]
  for (const [value, isGood, why] of rows) {
    t.equal(read({ matchLabels: { a: value } }).problems.length, isGood ? 0 : 1, `label: ${why}`)
    const wrong = read(requirement('a', 'In', [value])).problems
    t.equal(wrong.length, isGood ? 0 : 1, `expression: ${why}`)
  }
})

t.test('what is wrong is said by key and value', async t => {
  const rows: [Json, RegExp, string][] = [
    [{ matchLabel: {} }, /^s\.matchLabel: unknown key; known are matchLabels/, 'typo'],
    [{ matchLabels: [] }, /^s\.matchLabels: \[\] must be a map/, 'a list'],
    [{ matchLabels: { a: 1 } }, /^s\.matchLabels\.a: 1 must be a text; quote it/, 'a number'],
    [{ matchExpressions: {} }, /^s\.matchExpressions: \{\} must be a list/, 'a map'],
    [{ matchExpressions: ['x'] }, /^s\.matchExpressions\[0\]: "x" must be a map/, 'a text'],
    [requirement('a', 'in', ['x']), /\[0\]\.operator: "in" must be one of In, NotIn/, 'lower case'],
    [requirement('a', 'Gt', ['1']), /\[0\]\.operator: "Gt" must be one of/, 'of node affinity'],
    [requirement('a', undefined), /\[0\]\.operator: is missing; must be one of/, 'no operator'],
    [requirement(undefined, 'Exists'), /\[0\]\.key: is missing/, 'no key'],
    [requirement(1, 'Exists'), /\[0\]\.key: 1 must be the key/, 'a number'],
    [requirement('a', 'In'), /\[0\]\.values: is missing; must name at least one/, 'no values'],
    [requirement('a', 'NotIn', []), /\[0\]\.values: \[\] must name at least one/, 'empty values'],
    [requirement('a', 'Exists', ['x']), /\[0\]\.values: \["x"\] must be left out/, 'values'],
    [requirement('a', 'Exists', 'x'), /\[0\]\.values: "x" must be a list/, 'no list'],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', value: 1 }] },
      /value: unknown key/,
      'typo'
    ]
  ]
  for (const [selector, problem, why] of rows) {
    t.match(read(selector).problems, [problem], why)
    t.equal(read(selector).problems.length, 1, `${why}: nothing else is wrong`)
  }
})

t.test('what a selector selects', async t => {
  const labels = { app: 'web', tier: '' }
  const rows: [Json, boolean, string][] = [
    [{}, true, 'nothing said'],
    [{ matchLabels: { app: 'web' } }, true, 'a label'],
    [{ matchLabels: { app: 'db' } }, false, 'another value'],
    [{ matchLabels: { app: 'web', zone: 'a' } }, false, 'all of them'],
    [{ matchLabels: { tier: '' } }, true, 'the empty value'],
    [{ matchLabels: { zone: '' } }, false, 'absent is not empty'],
    [{ matchLabels: { constructor: 'x' } }, false, 'nothing inherited'],
    [requirement('app', 'In', ['db', 'web']), true, 'In'],
    [requirement('app', 'In', ['db']), false, 'In, another'],
    [requirement('zone', 'In', ['a']), false, 'In, absent'],
    [requirement('app', 'NotIn', ['db']), true, 'NotIn'],
    [requirement('app', 'NotIn', ['web']), false, 'NotIn, listed'],
    [requirement('zone', 'NotIn', ['a']), true, 'NotIn, absent'],
    [requirement('tier', 'Exists'), true, 'Exists'],
    [requirement('zone', 'Exists'), false, 'Exists, absent'],
    [requirement('zone', 'DoesNotExist'), true, 'DoesNotExist'],
    [requirement('app', 'DoesNotExist'), false, 'DoesNotExist, there'],
    [{ matchLabels: { app: 'web' }, ...requirement('tier', 'DoesNotExist') }, false, 'both']
  ]
  for (const [selector, is, why] of rows) t.equal(selects(read(selector).selector, labels), is, why)
})

t.test('a selector in one line', async t => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'zone', operator: 'In', values: ['a', 'b'] },
      { key: 'gone', operator: 'DoesNotExist' }
    ]
  }
  t.equal(selectorText(read(selector).selector), 'app=web,zone in (a,b),!gone')
})
