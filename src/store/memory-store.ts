// AttachmentStore without a disk: the twin that tests use, held to the same contract.

import { type Address } from '../core/address.ts'
import { assert } from '../core/assert.ts'
import { type Attachment, keyText } from '../core/attachment.ts'
import type { Moment } from '../core/sandbox.ts'
import type { Tombstone } from '../core/tombstones.ts'
import type {
  AttachmentStore,
  Change,
  CoolingAddress,
  StoredState
} from '../ports/attachment-store.ts'

interface Tables {
  readonly attachments: Map<string, Attachment>
  readonly cooling: Map<Address, CoolingAddress>
  readonly tombstones: Map<string, Tombstone>
  readonly cursors: Map<string, Address>
  horizon: Moment | undefined
}

export class MemoryStore implements AttachmentStore {
  #tables: Tables = {
    attachments: new Map(),
    cooling: new Map(),
    tombstones: new Map(),
    cursors: new Map(),
    horizon: undefined
  }

  load(): StoredState {
    const { attachments, cooling, tombstones, cursors, horizon } = this.#tables
    return {
      attachments: [...attachments.values()],
      cooling: [...cooling.values()].sort((a, b) => a.since - b.since),
      tombstones: [...tombstones.values()],
      cursors: new Map(cursors),
      horizon
    }
  }

  /** All or nothing by working on a copy. */
  commit(changes: readonly Change[]): void {
    const { attachments, cooling, tombstones, cursors, horizon } = this.#tables
    const tables: Tables = {
      attachments: new Map(attachments),
      cooling: new Map(cooling),
      tombstones: new Map(tombstones),
      cursors: new Map(cursors),
      horizon
    }
    for (const change of changes) apply(tables, change)
    this.#tables = tables
  }

  close(): void {}
}

function apply(tables: Tables, change: Change): void {
  switch (change.type) {
    case 'Attach':
      return attach(tables, change.attachment)
    case 'Detach': {
      const { key, since, boot } = change
      const attachment = attached(tables, keyText(key))
      tables.attachments.delete(keyText(key))
      for (const { address, prefix, pool } of attachment.assignments) {
        tables.cooling.set(address, { address, prefix, pool, since, boot })
      }
      return
    }
    case 'Resettle': {
      const attachment = attached(tables, keyText(change.key))
      tables.attachments.set(keyText(change.key), { ...attachment, sandbox: change.sandbox })
      return
    }
    case 'Bury':
      tables.tombstones.set(keyText(change.tombstone.key), change.tombstone)
      return
    case 'Unbury':
      for (const key of change.keys) tables.tombstones.delete(keyText(key))
      tables.horizon = change.horizon ?? tables.horizon
      return
    case 'Forget':
      for (const address of change.addresses) {
        const cooling = tables.cooling.get(address)
        if (cooling === undefined) continue
        const { boot, since } = cooling
        if (boot !== change.boot || since <= change.until) tables.cooling.delete(address)
      }
      return
    case 'MoveCursor':
      tables.cursors.set(change.pool, change.address)
  }
}

function attach(tables: Tables, attachment: Attachment): void {
  assert(!tables.attachments.has(keyText(attachment.key)), 'a key is attached once')
  const used = new Set(
    [...tables.attachments.values()].flatMap(({ assignments }) => assignments.map(a => a.address))
  )
  for (const { address } of attachment.assignments) {
    assert(!used.has(address), 'an address is given to one attachment only')
    tables.cooling.delete(address)
  }
  tables.attachments.set(keyText(attachment.key), attachment)
}

function attached(tables: Tables, key: string): Attachment {
  const attachment = tables.attachments.get(key)
  assert(attachment !== undefined, 'only what is attached can change')
  return attachment
}
