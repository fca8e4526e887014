// Rows of the pages for Spiderpool's users that claim something name tests that exist; rows with a mark, tests that
// carry it in their names.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..')
const states = new Set(['same', 'better', 'different', 'not yet', 'not here'])
/** Where a mark may belong that no test of addresses has to carry. */
const elsewhere = /^(coordinator|metrics|command line|deployment|mesh)\b|^the same as there\b/

/** Cells of the tables below a heading, or of all that begin with this row. */
function rowsOf(file: string, header: string): string[][] {
  const text = readFileSync(join(root, 'docs', file), 'utf8')
  const tables = text.split(/\n\n/).filter(part => part.startsWith(`| ${header} |`))
  return tables.flatMap(table =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map(line => line.split('|').map(cell => cell.trim()))
  )
}

function testsIn(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+\.test\.ts)`/g)].map(match => match[1] as string)
}

/** Names of tests, also of those that rows of a table have. */
function namesIn(file: string): string {
  const text = readFileSync(join(root, 'test', file), 'utf8')
  const begins = /(?:\b(?:test|onLink)\(|\bname: )\s*(['"`])((?:(?!\1).)*)\1/g
  return [...text.matchAll(begins)].map(match => match[2]).join('\n')
}

function carries(names: string, mark: string): boolean {
  return new RegExp(`(^|[^\\w-])${mark}(?!\\w)`, 'm').test(names)
}

t.test('what is claimed is shown', async t => {
  const rows = rowsOf('compatibility.md', 'feature')
  t.ok(rows.length > 40, 'the page has its rows')
  for (const [, feature = '', state = '', , shownBy] of rows) {
    t.ok(states.has(state), `${feature}: ${state}`)
    const tests = testsIn(shownBy)
    if (state === 'same' || state === 'better') t.ok(tests.length > 0, `${feature} names a test`)
    for (const file of tests) t.ok(existsSync(join(root, 'test', file)), file)
  }
})

t.test('every defect and complaint has a test that is named after it, or its place', async t => {
  const rows = rowsOf('defects.md', 'mark')
  const marks = rows.flatMap(([, cell = '']) => cell.split(' '))
  for (let i = 1; i <= 24; i += 1) t.ok(marks.includes(`G${i}`), `G${i} is there`)
  t.ok(rows.length >= 24 + 36, 'the page has its rows')
  t.equal(new Set(marks).size, marks.length, 'each once')
  for (const [, cell = '', , here = '', shownBy] of rows) {
    const tests = testsIn(shownBy)
    if (tests.length === 0) t.match(here, elsewhere, `${cell} has its place`)
    for (const mark of tests.length === 0 ? [] : cell.split(' ')) {
      for (const file of tests) t.ok(carries(namesIn(file), mark), `${mark} in ${file}`)
    }
  }
})

t.test('every row of the acceptance set is shown by its marks', async t => {
  const rows = rowsOf('compatibility.md', 'marks')
  t.ok(rows.length >= 25, 'the page has its rows')
  for (const [, cell = '', , shownBy] of rows) {
    const tests = testsIn(shownBy)
    t.ok(tests.length > 0, `${cell} names a test`)
    const names = tests.map(namesIn).join('\n')
    for (const mark of cell.split(' ')) t.ok(carries(names, mark), `${mark} in ${tests.join()}`)
  }
})
