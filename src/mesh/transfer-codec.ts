// The messages by which addresses change hands, as they travel.

import type { Ask, Grant, Holding, No, NoReason, Taken } from '../core/protocol.ts'
import type { BodyCodec } from './body-codec.ts'
import {
  addressFromWire,
  addressToWire,
  runFromWire,
  runsFromWire,
  runsToWire,
  runToWire
} from './run-codec.ts'
import { countOf, fieldsOf, listOf, optional, textOf, wordOf, type Wire } from './wire-fields.ts'
import { referralsMax, textMax } from './wire-limits.ts'

const reasons: ReadonlySet<NoReason> = new Set([
  'Empty',
  'Busy',
  'NotOwner',
  'InUse',
  'Draining',
  'NotServing',
  'Contested'
])

export function domainOf(value: unknown): string {
  return textOf(value, textMax.domain, 'domain')
}

export function poolOf(value: unknown): string {
  return textOf(value, textMax.name, 'pool')
}

export function holdingToWire({ free, used, cooling, waiting }: Holding): Wire {
  return [free, used, cooling, waiting]
}

export function holdingFromWire(value: unknown): Holding {
  const [free, used, cooling, waiting] = fieldsOf(value, 4, 'holding')
  return {
    free: countOf(free, 'free'),
    used: countOf(used, 'used'),
    cooling: countOf(cooling, 'cooling'),
    waiting: countOf(waiting, 'waiting')
  }
}

export const askCodec: BodyCodec<Ask> = {
  write: ({ domain, id, pool, demand, wish, exact }) => [
    domain,
    id,
    pool,
    demand,
    wish,
    exact === undefined ? null : addressToWire(exact)
  ],
  fields: 5,
  read: ([domain, id, pool, demand, wish, address]) => {
    const exact = optional(address, value => addressFromWire(value, 'exact'))
    return {
      type: 'Ask',
      domain: domainOf(domain),
      id: countOf(id, 'id'),
      pool: poolOf(pool),
      demand: countOf(demand, 'demand'),
      wish: countOf(wish, 'wish'),
      ...(exact === undefined ? {} : { exact })
    }
  }
}

export const grantCodec: BodyCodec<Grant> = {
  write: ({ domain, wctr, id, pool, runs, holding }) => [
    domain,
    wctr,
    id,
    pool,
    runsToWire(runs),
    holdingToWire(holding)
  ],
  fields: 6,
  read: ([domain, wctr, id, pool, runs, holding]) => ({
    type: 'Grant',
    domain: domainOf(domain),
    wctr: countOf(wctr, 'wctr'),
    id: countOf(id, 'id'),
    pool: poolOf(pool),
    runs: runsFromWire(runs),
    holding: holdingFromWire(holding)
  })
}

export const noCodec: BodyCodec<No> = {
  write: ({ domain, id, pool, reason, holding, referrals, newer, holder }) => [
    domain,
    id,
    pool,
    reason,
    holdingToWire(holding),
    referrals.slice(0, referralsMax),
    newer === undefined ? null : runToWire(newer),
    holder === undefined ? null : holder.slice(0, textMax.holder)
  ],
  fields: 6,
  read: ([domain, id, pool, reason, holding, referrals, run, text]) => {
    const newer = optional(run, runFromWire)
    const holder = optional(text, value => textOf(value, textMax.holder, 'holder'))
    return {
      type: 'No',
      domain: domainOf(domain),
      id: countOf(id, 'id'),
      pool: poolOf(pool),
      reason: wordOf(reason, reasons, 'reason'),
      holding: holdingFromWire(holding),
      referrals: listOf(referrals, referralsMax, 'referrals', index => countOf(index, 'referral')),
      ...(newer === undefined ? {} : { newer }),
      ...(holder === undefined ? {} : { holder })
    }
  }
}

export const takenCodec: BodyCodec<Taken> = {
  write: ({ domain, wctr }) => [domain, wctr],
  fields: 2,
  read: ([domain, wctr]) => ({
    type: 'Taken',
    domain: domainOf(domain),
    wctr: countOf(wctr, 'wctr')
  })
}
