// SpiderCoordinator documents, as Spiderpool's users have them: spec, and the CIDRs that its controller has found in
// status. Ours may have those in spec as well, where nobody finds them.

import type { CoordinatorWishes } from '../core/coordination/settings.ts'
import { readWishes, wishKeys } from '../core/coordination/wishes-text.ts'
import { Fields, isObject, type Json, show } from '../core/fields.ts'
import { type DocumentReader, type DocumentText, readDocuments } from './document-text.ts'
import { poolApiVersion } from './pool-text.ts'

export const coordinatorKind = 'SpiderCoordinator'

export interface CoordinatorDocument {
  readonly name: string
  readonly source: string
  readonly wishes: CoordinatorWishes
}

export interface CoordinatorReading {
  readonly documents: readonly CoordinatorDocument[]
  /** Sentences; what they are about may be a document in force. */
  readonly problems: readonly string[]
}

/** What has no effect here: the kinds of CNI that CIDRs are looked for in, and what IPAM does. */
const idleKeys = ['podCIDRType', 'detectIPConflict', 'detectGateway', 'detectOptions']

const cidrTypes = ['auto', 'cluster', 'calico', 'cilium', 'none']

/** Read those of a file. What is of other kinds is others' business, and so is what cannot be read at all. */
export function readCoordinatorText(text: DocumentText): CoordinatorReading {
  const reader = new CoordinatorReader()
  readDocuments(text, reader)
  return reader.reading
}

class CoordinatorReader implements DocumentReader {
  readonly reading = { documents: [] as CoordinatorDocument[], problems: [] as string[] }

  onObject({ apiVersion, kind, metadata, spec, status }: Json, source: string): void {
    if (kind !== coordinatorKind) return
    const { documents, problems } = this.reading
    const name = isObject(metadata) ? metadata['name'] : undefined
    if (apiVersion !== poolApiVersion) {
      problems.push(`${source}: apiVersion: ${show(apiVersion)} must be ${poolApiVersion}`)
    } else if (typeof name !== 'string' || name === '') {
      problems.push(`${source}: metadata.name: ${show(name)} must be the name of it`)
    } else {
      const found: string[] = []
      const wishes = wishesOf(spec, status, found)
      problems.push(...found.map(problem => `${source}: ${problem}`))
      if (found.length === 0) documents.push({ name, source, wishes })
    }
  }

  /** Said by those who read the pools of the same file. */
  onUnreadable(source: string): void {
    this.reading.problems.push(`${source}: cannot be read, and may be a ${coordinatorKind}`)
  }
}

/** What spec says counts before what somebody has found. */
function wishesOf(spec: unknown, status: unknown, problems: string[]): CoordinatorWishes {
  if (spec !== undefined && !isObject(spec)) {
    problems.push(`spec: ${show(spec)} must be a map of keys and values`)
    return {}
  }
  const fields = new Fields('spec', spec ?? {}, problems)
  fields.onlyKeys([...wishKeys, ...idleKeys])
  const type = fields.get('podCIDRType')
  if (type !== undefined && !cidrTypes.some(known => known === type)) {
    fields.refuse('podCIDRType', `must be one of ${cidrTypes.join(', ')}`)
  }
  const { overlayPodCIDR, serviceCIDR } = isObject(status) ? status : {}
  const found = readWishes(new Fields('status', { overlayPodCIDR, serviceCIDR }, problems))
  return { ...found, ...readWishes(fields) }
}
