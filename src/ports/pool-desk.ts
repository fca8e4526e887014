// Where pool documents are written that a person applies: beside those that others keep, and never over them.

import type { PoolDocument, PoolListing } from './pool-source.ts'

export type PoolName = Pick<PoolDocument, 'kind' | 'name'>

export interface PoolDesk {
  /** For people. */
  readonly directory: string
  /** What a text says, read like any file of the source. Never throws. */
  parse(text: string): PoolListing
  /** As PoolSource.read. */
  read(): Promise<PoolListing>
  /** It was written here, and nobody else keeps it. */
  isOwn(document: PoolDocument): boolean
  /** Written down, whole or not at all, and durable; rejects when the disk refuses. */
  put(document: PoolDocument): Promise<void>
  /** Gone for good; rejects when the disk refuses. Only for what is its own. */
  remove(name: PoolName): Promise<void>
}
