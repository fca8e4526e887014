// The journal of the coordinator, on the disk and in memory.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { NodeStore } from '../../src/ports/coordination-journal.ts'
import { MemoryJournal } from '../../src/store/memory-journal.ts'
import { openStore } from '../../src/store/open-store.ts'
import { coordinationJournalContract } from '../contracts/coordination-journal.contract.ts'
import { attachment } from '../support/samples.ts'

t.test('in memory', async t => {
  coordinationJournalContract(t, {
    open: () => new MemoryJournal(),
    reopen: journal => journal
  })
})

t.test('in the database of the attachments', async t => {
  const stores = new Map<object, { readonly store: NodeStore; readonly directory: string }>()
  const openIn = (directory: string) => {
    const store = openStore(directory)
    stores.set(store.journal, { store, directory })
    return store.journal
  }
  t.teardown(() => {
    for (const { store, directory } of stores.values()) {
      store.close()
      rmSync(directory, { recursive: true, force: true })
    }
  })
  coordinationJournalContract(t, {
    open: () => openIn(mkdtempSync(join(tmpdir(), 'orbweaver-journal-'))),
    reopen: journal => {
      const found = stores.get(journal)
      if (found === undefined) throw new Error('a journal of this test')
      found.store.close()
      stores.delete(journal)
      return openIn(found.directory)
    }
  })
})

t.test('attachments and entries do not know of one another', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-journal-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const store = openStore(directory)
  store.commit([{ type: 'Attach', attachment: attachment('c1', ['10.9.0.1']) }])
  t.same(store.journal.load(), [])
  store.close()
})
