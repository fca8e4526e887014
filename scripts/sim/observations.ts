// What is seen of a world as it goes by, as counters: from messages, commits and what actors tell people.

import { type MemberIndex, type Register, retired } from '../../src/core/lease/register.ts'
import type { Envelope } from '../../src/core/protocol.ts'
import type { Change } from '../../src/ports/attachment-store.ts'
import type { Coverage } from './coverage.ts'
import type { SimNode } from './sim-node.ts'

export function countSent(coverage: Coverage, { body }: Envelope): void {
  coverage.count('messages')
  if (body.type === 'Ask') {
    coverage.count('asks')
    if (body.exact !== undefined) coverage.count('exact asks')
    else if (body.demand === 0) coverage.count('prefetches')
  } else if (body.type === 'No') {
    coverage.count('no')
    coverage.count(`no ${body.reason}`)
  } else if (body.type === 'Grant') {
    coverage.count(body.id === 0 ? 'unasked grants sent' : 'grants sent')
  } else if (body.type === 'Rebuff') {
    coverage.count(rebuffs[body.why])
  } else if (body.type === 'Collect') coverage.count('collects sent')
  else if (body.type === 'Confirm') coverage.count('confirms sent')
}

const rebuffs = {
  Cluster: 'other clusters',
  Fenced: 'fenced',
  Stranger: 'strangers',
  Superseded: 'superseded',
  Version: 'other versions'
} as const

/** A message that reaches a process it was not meant for, or of a process that has ended: G4 has to drop it. */
export function countDelivered(coverage: Coverage, node: SimNode, { to }: Envelope): void {
  if (to !== undefined && to.incarnation !== node.disk.incarnation) coverage.count('session drops')
  else if (to !== undefined && to.session.opened !== node.opened) coverage.count('session drops')
}

export function countCommitted(
  coverage: Coverage,
  node: SimNode,
  me: number | undefined,
  changes: readonly Change[]
): void {
  const isGranting = changes.some(({ type }) => type === 'PutGrant')
  for (const change of changes) {
    if (change.type === 'Attach') coverage.count('attachments')
    else if (change.type === 'PutContest') coverage.count('contested')
    else if (change.type === 'ConfirmBoot') coverage.count('confirmations')
    else if (change.type === 'PutGrant') {
      coverage.count('grants')
      if (change.grant.id === 0) coverage.count('marks served')
    } else if (change.type === 'PutRuns' && !isGranting && me !== undefined) {
      for (const { register } of change.added) countRegister(coverage, me, register)
    }
  }
}

function countRegister(coverage: Coverage, me: MemberIndex, register: Register): void {
  const { owner, writer, seq } = register
  if (owner === me && writer !== me && writer !== retired) coverage.count('adopted runs')
  if (writer === me && seq === 0) coverage.count('claimed runs')
  if (writer !== me && owner !== me) coverage.count('merged')
}
