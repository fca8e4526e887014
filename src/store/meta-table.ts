// The few values that are one of a kind in a database.

import type { Database, Statement } from 'better-sqlite3'

export type MetaKey =
  /** Which database this is, and how often it was opened: what the marker file names. */
  | 'database'
  | 'generation'
  /** Who lives in it, and on which boot that was last known to be the newest there is. */
  | 'incarnation'
  | 'key'
  | 'boot'
  /** Present and not empty while people have the node drained. */
  | 'draining'
  /** What stands for dropped tombstones. */
  | 'horizon'

export class MetaTable {
  readonly #get: Statement<[MetaKey], { value: string }>
  readonly #set: Statement<[MetaKey, string]>

  constructor(database: Database) {
    this.#get = database.prepare('SELECT value FROM meta WHERE key = ?')
    this.#set = database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)')
  }

  get(key: MetaKey): string | undefined {
    return this.#get.get(key)?.value
  }

  set(key: MetaKey, value: string): void {
    this.#set.run(key, value)
  }
}
