// What Spiderpool notes in the status of a pool about its addresses (SpiderIPPool, status.allocatedIPs): a JSON object
// in a text, by address, with whose pod has it.

import { type Address, parseAddress } from './address.ts'
import { isObject, type Json, show } from './fields.ts'

export interface AllocatedAddress {
  readonly address: Address
  /** namespace/name, as far as it is told. */
  readonly pod: string
}

/** In the order of the text. What cannot be read is a problem: an address that is overlooked would be given twice. */
export function parseAllocatedIps(status: Json): {
  readonly allocated: readonly AllocatedAddress[]
  readonly problems: readonly string[]
} {
  const { allocatedIPs } = status
  if (allocatedIPs === undefined || allocatedIPs === null || allocatedIPs === '') {
    return { allocated: [], problems: [] }
  }
  const content = typeof allocatedIPs === 'string' ? parsed(allocatedIPs) : undefined
  if (content === undefined) {
    return { allocated: [], problems: ['status.allocatedIPs: must be a text with a JSON object'] }
  }
  const problems: string[] = []
  const allocated = Object.entries(content).flatMap(([text, holder]) => {
    const address = parseAddress(text)
    if (address === undefined) {
      problems.push(`status.allocatedIPs: ${show(text)} is no address`)
      return []
    }
    const pod = isObject(holder) && typeof holder['pod'] === 'string' ? holder['pod'] : ''
    return [{ address, pod }]
  })
  const counted = status['allocatedIPCount']
  if (typeof counted === 'number' && counted > allocated.length) {
    problems.push(
      `status.allocatedIPCount says ${counted}, and ${allocated.length} are listed: take the status again`
    )
  }
  return { allocated, problems }
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
