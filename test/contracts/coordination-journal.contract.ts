// What every CoordinationJournal promises. `reopen` closes what it is in and opens what is left of that.

import type { Test } from 'tap'
import type {
  CoordinationJournal,
  JournalEntry,
  JournalRole
} from '../../src/ports/coordination-journal.ts'
import { boot, key, sandbox } from '../support/samples.ts'

export interface JournalUnderTest {
  readonly open: () => CoordinationJournal
  readonly reopen: (journal: CoordinationJournal) => CoordinationJournal
}

function entry(containerId: string, text = '{}', role: JournalRole = 'coordinator'): JournalEntry {
  return { key: { ...key(containerId), role }, sandbox: sandbox(2 ** 53), text }
}

export function coordinationJournalContract(t: Test, { open, reopen }: JournalUnderTest): void {
  t.test('an empty journal has no entries', async t => {
    t.same(open().load(), [])
  })

  t.test('entries come back as they were, in the order in which they came first', async t => {
    const journal = open()
    const [first, second] = [entry('c2', '{"form":1,"text":"\u{1F578}"}'), entry('c1')]
    journal.commit([{ type: 'Put', entry: first }])
    journal.commit([{ type: 'Put', entry: second }])
    t.strictSame(reopen(journal).load(), [first, second])
  })

  t.test('another entry of the same key takes its place', async t => {
    const journal = open()
    const moved = { ...entry('c1', 'new'), sandbox: sandbox(9, '/run/netns/b', 'boot-2') }
    journal.commit([
      { type: 'Put', entry: entry('c1', 'old') },
      { type: 'Put', entry: entry('c2') },
      { type: 'Put', entry: moved }
    ])
    t.strictSame(reopen(journal).load(), [moved, entry('c2')])
  })

  t.test('each role has entries of its own', async t => {
    const journal = open()
    const [one, other] = [entry('c1', 'one'), entry('c1', 'other', 'later' as JournalRole)]
    journal.commit([
      { type: 'Put', entry: one },
      { type: 'Put', entry: other }
    ])
    journal.commit([{ type: 'Drop', key: one.key }])
    t.strictSame(reopen(journal).load(), [other])
  })

  t.test('a namespace that was not seen stays unseen', async t => {
    const journal = open()
    const blind = { ...entry('c1'), sandbox: { path: '/run/netns/a', began: { boot, ns: 3n } } }
    journal.commit([{ type: 'Put', entry: blind }])
    t.strictSame(reopen(journal).load(), [blind])
  })

  t.test('dropping what is not there is no failure', async t => {
    const journal = open()
    journal.commit([{ type: 'Drop', key: entry('c1').key }])
    t.same(reopen(journal).load(), [])
  })

  t.test('a commit counts as a whole', async t => {
    const journal = open()
    journal.commit([{ type: 'Put', entry: entry('c1') }])
    const broken = {
      get type(): 'Put' {
        throw new Error('in the middle')
      },
      entry: entry('c3')
    }
    t.throws(() => journal.commit([{ type: 'Drop', key: entry('c1').key }, broken]))
    t.strictSame(reopen(journal).load(), [entry('c1')])
  })
}
