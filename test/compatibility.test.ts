// Rows of docs/compatibility.md that claim something name a test that exists.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/compatibility.md'), 'utf8')
const states = new Set(['same', 'better', 'different', 'not yet', 'not here'])

const rows = page
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.startsWith('| feature |'))
  .map(line => line.split('|').map(cell => cell.trim()))

t.test('what is claimed is shown', async t => {
  t.ok(rows.length > 40, 'the page has its rows')
  for (const [, feature = '', state = '', , shownBy = ''] of rows) {
    t.ok(states.has(state), `${feature}: ${state}`)
    const tests = [...shownBy.matchAll(/`([^`]+)`/g)].map(match => match[1] as string)
    if (state === 'same' || state === 'better') t.ok(tests.length > 0, `${feature} names a test`)
    for (const file of tests) t.ok(existsSync(join(root, 'test', file)), file)
  }
})
