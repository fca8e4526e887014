// What a subnet tells people of its addresses one by one.

import { type CensusPage, type Story, takeCensus } from '../core/address-census.ts'
import type { Address } from '../core/address.ts'
import { AddressSet } from '../core/address-set.ts'
import { parseCidr } from '../core/cidr.ts'
import { assert } from '../core/assert.ts'
import type { Desk } from './desk.ts'
import type { DescribeAddresses } from './messages/address-questions.ts'
import type { Quarantine } from './quarantine.ts'

interface Told {
  readonly desk: Desk
  readonly quarantine: Quarantine
}

export function censusOf(
  told: Told,
  { from, limit, wants, reserved }: DescribeAddresses
): CensusPage {
  const { custody, book, domain } = told.desk
  const cidr = parseCidr(domain)
  assert(!('problem' in cidr), 'a domain is a subnet')
  const { range: within } = cidr
  const question = { from: from ?? within.start, limit, wants: wants ?? (() => true) }
  return takeCensus(
    {
      within,
      me: custody.me,
      runs: custody.map.runs(),
      pools: book.contents.spaces.map(({ pool }) => pool),
      reserved: reserved ?? AddressSet.empty,
      stories: storiesOf(told)
    },
    question
  )
}

/** What is said last of an address says most. */
function storiesOf({ desk: { custody, book }, quarantine }: Told): Map<Address, Story> {
  const stories = new Map<Address, Story>()
  const { taken, keeps, cooling } = book.contents
  for (const [address, keptFor] of keeps) stories.set(address, { state: 'kept', keptFor })
  const tell = (address: Address, story: Story) => {
    const keptFor = keeps.get(address)
    stories.set(address, keptFor === undefined ? story : { ...story, keptFor })
  }
  for (const { cooling: one } of cooling) {
    tell(one.address, { state: 'cooling', pool: one.pool, sinceMs: one.since })
  }
  for (const [address, { holder, pool }] of taken.entries()) {
    tell(address, { state: 'used', holder, pool })
  }
  for (const [address, sinceMs] of quarantine.entries()) {
    const { holder, pool } = taken.get(address) ?? {}
    tell(address, {
      ...{ state: 'quarantined', sinceMs },
      ...(holder !== undefined && { holder }),
      ...(pool !== undefined && { pool })
    })
  }
  for (const { address } of custody.contests) {
    if (custody.isContested(address)) tell(address, { ...stories.get(address), state: 'contested' })
  }
  return stories
}
