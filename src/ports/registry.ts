// The one linearizable thing: an append-only log of a cluster's few common decisions. Never asked on the
// way of an ADD, a DEL or a transfer.

export type Appended =
  | { readonly type: 'Appended' }
  /** Somebody else was first at this index: read, judge again, try the next. */
  | { readonly type: 'Conflict' }
  /** The registry judges that the record breaks its rules. */
  | { readonly type: 'Refused'; readonly why: string }

/** What is at the head at some moment after the question was asked. */
export interface LogSlice {
  /** The index of the last record; 0 when there is none. */
  readonly head: number
  /** The hash of the whole log up to the head, 64 hexadecimal digits; of the empty log 64 zeros. */
  readonly hash: string
  /** Records from the asked index on, as their bytes; perhaps not all of them up to the head. */
  readonly records: readonly Uint8Array[]
}

/**
 * A log of records numbered from 1. Both calls are linearizable; both reject when the registry cannot be
 * reached, and then an append may have happened or not: whoever asked reads again and recognises its record.
 */
export interface Registry {
  /** Make `record` the one of this index, if the head is the one before. */
  append(index: number, record: Uint8Array): Promise<Appended>
  read(from: number): Promise<LogSlice>
}
