// What people ask a SUBNET about addresses one by one, and say of them.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { Address } from '../../core/address.ts'
import type { AddressSet } from '../../core/address-set.ts'
import type { CensusPage, Stretch } from '../../core/address-census.ts'
import type { ReplyTo } from '../runtime/ref.ts'

/** Sent by the admin server: how addresses stand here, from one of them on. */
export interface DescribeAddresses {
  readonly type: 'DescribeAddresses'
  /** Absent: from the first one. */
  readonly from?: Address
  /** Stretches of one answer. */
  readonly limit: number
  /** What no pod may have; absent: it counts as outside of all pools. */
  readonly reserved?: AddressSet
  /** Absent: all of them. */
  readonly wants?: (stretch: Stretch) => boolean
  readonly replyTo: ReplyTo<CensusPage>
}

/** Sent by an operator's verb: the host that has this address is gone. The answer: whether it was known of. */
export interface LiftQuarantine {
  readonly type: 'LiftQuarantine'
  readonly address: Address
  readonly replyTo: ReplyTo<boolean>
}
