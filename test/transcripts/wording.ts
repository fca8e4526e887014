// Messages, registers and decisions in the words of docs/leases.md, one line each.

import type { Change } from '../../src/ports/attachment-store.ts'
import { formatAddress } from '../../src/core/address.ts'
import { type AddressRange, formatRange } from '../../src/core/address-range.ts'
import type { LeaseMap } from '../../src/core/lease/lease-map.ts'
import {
  keyOf,
  type MemberIndex,
  retired,
  type Run,
  sameRegister
} from '../../src/core/lease/register.ts'
import type { Body, Marks } from '../../src/core/protocol.ts'
import { parseRecord } from '../../src/core/registry/record-text.ts'

/** The node that a member is. */
export type NameOf = (member: MemberIndex) => string

/** More runs than this are counted. */
const runsShown = 4

export function wordsOf(body: Body, nameOf: NameOf): string {
  switch (body.type) {
    case 'Rebuff':
      return `Rebuff ${body.why}`
    case 'Ask': {
      const { exact, demand, wish, pool } = body
      const what =
        exact === undefined ? `${pool} demand ${demand} wish ${wish}` : formatAddress(exact)
      return `Ask ${what}`
    }
    case 'Grant':
      return `Grant ${runsOf(body.runs, nameOf)}`
    case 'No':
      return `No ${body.reason}${body.holder === undefined ? '' : ` (${body.holder})`}`
    case 'Taken':
      return 'Taken'
    case 'Summary':
      return `Summary ${marksOf(body.marks, nameOf)}`
    case 'Delta': {
      const parts = [
        body.runs.length > 0 ? runsOf(body.runs, nameOf) : '',
        body.raise.length > 0 ? `raise ${marksOf(body.raise, nameOf)}` : '',
        body.contests.length > 0 ? `${body.contests.length} contested` : ''
      ].filter(part => part !== '')
      return `Delta ${parts.length > 0 ? parts.join('; ') : 'with nothing new'}`
    }
    case 'Collect':
      return `Collect up to record ${body.round}`
    case 'Collected':
      return `Collected, ${livesOf(body.live)}`
    case 'Confirm':
      return `Confirm count ${body.wctr}`
    case 'Confirmed': {
      const newer = body.newer.length > 0 ? `newer: ${runsOf(body.newer, nameOf)}` : 'nothing newer'
      return `Confirmed ${newer}, count ${body.wctr}, ${livesOf(body.live)}`
    }
    case 'Hello':
    case 'Welcome':
    case 'Greeted':
    case 'Digest':
    case 'Rumour':
      return body.type
  }
}

/** What a commit changes, without what is not about leases; empty when nothing is left. */
export function decisionsOf(
  changes: readonly Change[],
  before: LeaseMap,
  nameOf: NameOf
): string[] {
  return changes.flatMap(change => {
    switch (change.type) {
      case 'PutRuns': {
        const news = change.added.filter(run => isNew(run, before))
        return news.length > 0 ? [runsOf(news, nameOf)] : []
      }
      case 'Attach': {
        const addresses = change.attachment.assignments.map(({ address }) => formatAddress(address))
        return [`pod ${change.attachment.key.containerId} has ${addresses.join(' and ')}`]
      }
      case 'Detach':
        return [`pod ${change.key.containerId} is gone`]
      case 'PutContest':
        return [`${formatAddress(change.contest.address)} is contested`]
      case 'LearnRecord':
        return [`record ${change.index}, ${recordWords(change.record)}`]
      case 'Reincarnate':
        return ['another incarnation']
      case 'ConfirmBoot':
        return ['this boot is confirmed']
      case 'SetDraining':
        return [change.draining ? 'it is being drained' : 'it is not being drained any more']
      case 'Resettle':
      case 'Forget':
      case 'Bury':
      case 'Unbury':
      case 'MoveCursor':
      case 'PutMarks':
      case 'PutHeard':
      case 'PutGrant':
      case 'DropGrant':
      case 'PutAsked':
      case 'MeetPeer':
      case 'FileRecord':
        return []
    }
  })
}

/** Some of it has another register than before; what is only cut anew has not. */
function isNew(run: Run, before: LeaseMap): boolean {
  const known = before.within(run)
  const count = [...known].reduce((sum, { start, end }) => sum + (end - start), 0n)
  const isSame = [...known].every(({ register }) => sameRegister(register, run.register))
  return !isSame || count < run.end - run.start
}

function recordWords(bytes: Uint8Array): string {
  const record = parseRecord(bytes)
  if ('problem' in record) return record.problem
  if (record.type === 'Join') return `Join of ${record.members.map(({ node }) => node).join()}`
  if (record.type === 'RangeAdd') return `RangeAdd of ${record.domain}`
  return record.type
}

export function runsOf(runs: readonly Run[], nameOf: NameOf): string {
  const shown = runs.slice(0, runsShown).map(({ start, end, register }) => {
    const owner = register.owner === retired ? 'retired' : `owner ${nameOf(register.owner)}`
    return `${formatRange({ start, end })} key ${keyOf(register)} ${owner}`
  })
  const more = runs.length - shown.length
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

function marksOf(marks: Marks, nameOf: NameOf): string {
  if (marks.length === 0) return 'knows no writes'
  return [...marks]
    .sort(([a], [b]) => a - b)
    .map(([writer, wctr]) => `${nameOf(writer)}:${wctr}`)
    .join(' ')
}

function livesOf(ranges: readonly AddressRange[]): string {
  return ranges.length === 0 ? 'no pods' : `pods on ${ranges.map(formatRange).join(', ')}`
}
