// Where pool documents come from: files of a mounted ConfigMap, the embedded sample, a test's list.

import type { PoolDocument, PoolProblem } from '../core/pool-document.ts'

export type { PoolDocument, PoolProblem } from '../core/pool-document.ts'

/** Everything a source holds at one moment, good documents beside the problems of the others. */
export interface PoolListing {
  /** In an order that is the same on every node and after every restart. */
  readonly documents: readonly PoolDocument[]
  readonly problems: readonly PoolProblem[]
  /** Fine, and the business of a later release: "blue.yaml, document 2: SpiderSubnet". */
  readonly skipped: readonly string[]
}

/**
 * A source of pool documents. `read` always gives the whole truth of the moment, never a
 * difference, so that missing a change costs time and never correctness.
 */
export interface PoolSource {
  /**
   * Read all documents. Never rejects for what the outside world does: an unreadable directory,
   * file or document becomes a problem beside the documents that could be read.
   */
  read(): Promise<PoolListing>

  /**
   * Call `onChange` soon after something may have changed since the last `read`; calls may be too
   * many, never forever too few. Before the first `read` nothing is promised. Returns the function
   * that ends it: no call comes after that. Never throws and never keeps the process alive.
   */
  watch(onChange: () => void): () => void
}
