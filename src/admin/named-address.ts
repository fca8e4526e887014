// POST /v1/resolve and /v1/transfer: one address by its name, given to a node by a person's word, or brought here.

import type { CustodyDescribed } from '../actors/messages/subnet.ts'
import { ask } from '../actors/runtime/ask.ts'
import { type Address, familyOf, formatAddress, parseAddress } from '../core/address.ts'
import { rangeContains } from '../core/address-range.ts'
import { parseCidr } from '../core/cidr.ts'
import type { Json } from '../core/fields.ts'
import { retired } from '../core/lease/register.ts'
import type { ClusterView } from '../core/registry/cluster-view.ts'
import { describePeers, type OpenService, subnetsOf, timing } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { nodeOf } from './custody-view.ts'
import { memberCalled } from './members.ts'
import { propose } from './proposal.ts'
import { textsOf } from './request-body.ts'

const mustBeAddress = 'must be an IP address'

/** A few owners may be asked one after the other, and none of them may answer. */
const fetchTimeoutMs = 15_000

export async function resolveAddress(service: OpenService, body: Json): Promise<Answer> {
  const read = textsOf(body, {
    required: { address: mustBeAddress, owner: 'must be the name of the node that is to own it' }
  })
  if ('problem' in read) return refused(400, read.problem)
  const place = await placeOf(service, read.texts['address'] ?? '')
  if ('status' in place) return place
  const { address, domain, actor } = place
  const custody = await ask(actor, { type: 'DescribeCustody' }, timing(service))
  const { view } = await describePeers(service)
  const why = whyNotResolve(address, custody, view)
  if (why !== undefined) return refused(409, why)
  const owner = memberCalled(view, read.texts['owner'] ?? '')
  if ('status' in owner) return owner
  const text = formatAddress(address)
  const record = await propose(service, {
    type: 'Resolve',
    domain,
    address: text,
    owner: owner.incarnation
  })
  if (typeof record !== 'number') return record
  return shown({ address: text, domain, owner: owner.node, record })
}

/** To decide over an address that somebody rightly owns would take it from under a pod. */
function whyNotResolve(
  address: Address,
  { contests, runs }: CustodyDescribed,
  view: ClusterView
): string | undefined {
  if (contests.some(contest => contest.address === address)) return undefined
  const owner = runs.find(run => rangeContains(run, address))?.register.owner
  if (owner === undefined || owner === retired) return undefined
  return (
    `${formatAddress(address)} is not contested as far as this node knows: ${nodeOf(owner, view)} owns it; ` +
    'a transfer brings it elsewhere, and a contest is resolved on a node that shows it'
  )
}

export async function transferAddress(service: OpenService, body: Json): Promise<Answer> {
  const read = textsOf(body, { required: { address: mustBeAddress } })
  if ('problem' in read) return refused(400, read.problem)
  const place = await placeOf(service, read.texts['address'] ?? '')
  if ('status' in place) return place
  const { address, domain, actor } = place
  const within = timing(service, fetchTimeoutMs)
  const fetched = await ask(actor, { type: 'FetchAddress', address }, within)
  const text = formatAddress(address)
  const base = { address: text, domain }
  switch (fetched.type) {
    case 'Granted':
      return shown({ ...base, outcome: 'granted' })
    case 'Here':
      return shown({ ...base, outcome: 'here' })
    case 'Unknown':
      return refused(404, `no living member owns ${text}`, { ...base, outcome: 'unknown' })
    case 'Unanswered': {
      const { view } = await describePeers(service)
      const node = nodeOf(fetched.owner, view)
      const error = `${text} is held by ${node}, which does not answer`
      return refused(503, error, { ...base, outcome: 'unanswered', node })
    }
    case 'Denied': {
      const { view } = await describePeers(service)
      const node = nodeOf(fetched.from, view)
      const { reason, holder } = fetched.no
      const by = holder === undefined ? '' : ` (${holder})`
      const error = `${node} does not give ${text} away: ${denials[reason]}${by}`
      const more = { outcome: 'denied', reason, node, ...(holder !== undefined && { holder }) }
      return refused(409, error, { ...base, ...more })
    }
  }
}

const denials = {
  Empty: 'it is in none of its pools',
  Busy: 'it was released a moment ago, or other requests are ahead; try again',
  NotOwner: 'it has given it to another node meanwhile; try again',
  InUse: 'a pod uses it',
  Draining: 'the range is being given up',
  NotServing: 'that node serves nothing now',
  Contested: 'it is contested; resolve it first'
} as const

/** The subnet that covers an address, and its actor. */
async function placeOf(service: OpenService, text: string) {
  const address = parseAddress(text)
  if (address === undefined) return refused(400, `${text} is no IP address`)
  for (const [domain, actor] of await subnetsOf(service)) {
    const cidr = parseCidr(domain)
    if ('problem' in cidr || cidr.family !== familyOf(address)) continue
    if (rangeContains(cidr.range, address)) return { address, domain, actor }
  }
  return refused(404, `no subnet that this node knows has ${formatAddress(address)}`)
}
