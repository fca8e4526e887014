// Which pods would have an address of no pool, if these pools took the place of those in force.

import { ask } from '../actors/runtime/ask.ts'
import { formatAddress } from '../core/address.ts'
import type { Stretch } from '../core/address-census.ts'
import type { PoolSet } from '../core/pool-set.ts'
import { shapeOf } from './addresses.ts'
import { type OpenService, subnetsOf, timing } from './admin-service.ts'
import { type Answer, refused } from './answer.ts'
import { podText } from './views.ts'

const holdersShown = 5
const roundsMax = 64

/** Undefined when nobody would. Only pods of this node are known here. */
export async function strandedBy(
  service: OpenService,
  now: PoolSet,
  next: PoolSet
): Promise<Answer | undefined> {
  const shrunk = [...now.pools.values()].flatMap(pool => {
    const left = next.pools.get(pool.name)
    const lost = left === undefined ? pool.usable : pool.usable.subtract(left.usable)
    return lost.isEmpty ? [] : [{ name: pool.name, lost }]
  })
  if (shrunk.length === 0) return undefined
  const wants = ({ state, pool, start }: Stretch) =>
    state === 'used' && shrunk.some(({ name, lost }) => name === pool && lost.has(start))
  const found: Stretch[] = []
  for (const actor of (await subnetsOf(service)).values()) {
    let from: Stretch['start'] | undefined
    for (let round = 0; round < roundsMax && found.length <= holdersShown; round += 1) {
      const question = { limit: holdersShown + 1, wants, ...(from !== undefined && { from }) }
      const page = await ask(actor, { type: 'DescribeAddresses', ...question }, timing(service))
      found.push(...page.stretches)
      from = page.next
      if (from === undefined) break
    }
  }
  if (found.length === 0) return undefined
  const { attachments } = await shapeOf(service)
  const holders = found.slice(0, holdersShown).map(({ start, holder = '', pool = '' }) => {
    const attachment = attachments.get(holder)
    const pod = attachment === undefined ? holder : (podText(attachment.pod) ?? holder)
    return `${formatAddress(start)} of ${pool} is used by ${pod}`
  })
  const more = found.length > holdersShown ? ', and there are more' : ''
  return refused(
    409,
    `addresses in use would be in no pool any more: ${holders.join(', ')}${more}; ` +
      'delete these pods first, or disable the pool and wait until they are gone'
  )
}
