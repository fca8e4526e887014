// What is seen of a world as it goes by, as counters: from messages, commits and what actors tell people.

import { type MemberIndex, type Register, retired } from '../../src/core/lease/register.ts'
import { parseRecord } from '../../src/core/registry/record-text.ts'
import type { Envelope } from '../../src/core/protocol.ts'
import type { Change } from '../../src/ports/attachment-store.ts'
import type { Coverage } from './coverage.ts'
import type { SimNode } from './sim-node.ts'
import type { Handled } from './sim-system.ts'

const rebuffs = {
  Cluster: 'other clusters',
  Fenced: 'fenced',
  Stranger: 'strangers',
  Superseded: 'superseded',
  Version: 'other versions'
} as const

export class Witness {
  readonly #coverage: Coverage
  /** Grants by writer and count, and rounds by their chance. */
  readonly #seen = new Set<string>()
  /** What is being handled now, for the commits that it leads to. */
  #handled = ''

  constructor(coverage: Coverage) {
    this.#coverage = coverage
  }

  onHandling(actor: string, { type, body }: Handled): void {
    this.#handled = body?.type ?? type
    if (actor !== 'subnet') return
    if (type === 'Conclude') this.#coverage.count('rounds completed')
    else if (type === 'Found') this.#coverage.count('sweeps')
    else if (type === 'Exposed') this.#coverage.count('rollbacks proven by confirmation')
    else if (type === 'Keep') this.#coverage.count('keeps')
    else if (type === 'ReserveExact') this.#coverage.count('had again')
    else if (type === 'Unkeep') this.#coverage.count('kept no more')
  }

  onSent({ from, body }: Envelope): void {
    const coverage = this.#coverage
    coverage.count('messages')
    if (body.type === 'Ask') {
      coverage.count('asks')
      if (body.exact !== undefined) coverage.count('exact asks')
      else if (body.demand === 0) coverage.count('prefetches')
    } else if (body.type === 'No') {
      coverage.count('no')
      coverage.count(`no ${body.reason}`)
    } else if (body.type === 'Grant') {
      const isNew = this.#isNew(`${from.incarnation}/${body.domain}/${body.wctr}`)
      if (!isNew) coverage.count('repeated grants')
    } else if (body.type === 'Rebuff') {
      coverage.count(rebuffs[body.why])
    } else if (body.type === 'Collect') {
      if (this.#isNew(body.nonce)) coverage.count('rounds opened')
    } else if (body.type === 'Confirm') coverage.count('confirms sent')
  }

  /** A message for a process or an incarnation that is gone: the guards have to drop it. */
  onDelivered(node: SimNode, { to }: Envelope): void {
    if (to === undefined) return
    const isHere = to.incarnation === node.disk.incarnation && to.session.opened === node.opened
    if (!isHere) this.#coverage.count('session drops')
  }

  onCommitted(me: MemberIndex | undefined, changes: readonly Change[]): void {
    const coverage = this.#coverage
    const isGranting = changes.some(({ type }) => type === 'PutGrant')
    for (const change of changes) {
      if (change.type === 'Attach') coverage.count('attachments')
      else if (change.type === 'PutContest') coverage.count('contested')
      else if (change.type === 'ConfirmBoot') coverage.count('confirmations')
      else if (change.type === 'LearnRecord') this.#countRecord(change.record)
      else if (change.type === 'PutGrant') {
        coverage.count('grants')
        if (change.grant.id === 0) coverage.count('marks served')
      } else if (change.type === 'PutRuns' && !isGranting && me !== undefined) {
        for (const { register } of change.added) this.#countRegister(me, register)
      }
    }
  }

  onLogged({ guard }: Readonly<Record<string, unknown>>, message: string): void {
    this.#coverage.count(`log: ${message}`)
    if (typeof guard === 'string') this.#coverage.count(`drops: ${guard}`)
  }

  #countRegister(me: MemberIndex, { owner, writer, seq }: Register): void {
    if (owner === me && writer !== me && writer !== retired) {
      this.#coverage.count(this.#handled === 'Delta' ? 'gifts' : 'adopted runs')
    }
    if (writer === me && seq === 0) this.#coverage.count('claimed runs')
    if (writer !== me && owner !== me) this.#coverage.count('merged')
  }

  #countRecord(bytes: Uint8Array): void {
    const record = parseRecord(bytes)
    if (!('type' in record)) return
    if (record.type === 'MinWire') this.#coverage.count('lowest versions')
    if (record.type !== 'Join') return
    this.#coverage.count(record.members.length > 1 ? 'heard of joint Joins' : 'heard of Joins')
  }

  #isNew(name: string): boolean {
    if (this.#seen.has(name)) return false
    this.#seen.add(name)
    return true
  }
}
