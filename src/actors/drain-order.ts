// That people want this node drained is written down before any subnet hears of it: a daemon that is started again,
// or a subnet that comes later, would serve otherwise.

import { StoreFailedError } from '../core/errors.ts'
import type { AttachmentStore } from '../ports/attachment-store.ts'
import type { LeaseChange } from '../ports/lease-changes.ts'
import type { DrainOrdered, OrderDrain } from './messages/secretary.ts'

export function carryOutDrain(
  { draining }: OrderDrain,
  store: AttachmentStore,
  onDrain: (isDraining: boolean) => void
): DrainOrdered {
  const why = writeDown(store, { type: 'SetDraining', draining })
  if (why === undefined) onDrain(draining)
  return { type: 'DrainOrdered', why }
}

/** Why not, if the disk refuses. */
export function writeDown(store: AttachmentStore, change: LeaseChange): string | undefined {
  try {
    store.commit([change])
  } catch (error) {
    if (!(error instanceof StoreFailedError)) throw error
    return error.message
  }
  return undefined
}
