// What is counted of everything that happens, from the start of the process, whether anybody ever asks for it: some
// increments for each event. Names and formats come in when somebody does (`metrics.ts`).

import type { NodeEvent } from '../core/event.ts'
import type { Run } from '../core/lease/register.ts'
import type { Clock } from '../ports/clock.ts'
import { Counters } from './counters.ts'
import { durationBounds, Histogram, Histograms, spiderpoolBounds } from './histogram.ts'

/** How many changes share a transaction: up to 512 decisions of a few each. */
const changeBounds = [1, 2, 3, 5, 10, 20, 50, 100, 500, 2_000]

const knownVerbs = new Set(['ADD', 'DEL', 'CHECK', 'GC', 'STATUS'])

export class Tally {
  readonly #clock: Clock
  readonly answers = new Counters('verb', 'code')
  readonly requests = new Histograms(durationBounds, 'verb', 'phase', 'result')
  readonly refusals = new Counters('reason', 'pool')
  /** Requests by the reason of their refusal, whatever pools they tried. */
  readonly refused = new Counters('reason')
  readonly allocated = new Counters('pool')
  readonly released = new Counters('pool', 'cause')
  readonly quarantines = new Counters()
  readonly leaseMoves = new Counters('subnet', 'direction')
  readonly leaseAddresses = new Counters('subnet', 'direction')
  readonly commits = new Counters('result')
  readonly commitDurations = new Histogram(durationBounds)
  readonly commitChanges = new Histogram(changeBounds)
  readonly crashes = new Counters('actor')
  readonly orders = new Counters('order', 'status')
  readonly events = new Counters('type')
  readonly mesh = new Counters('protocol', 'direction')
  /** As Spiderpool measures them: whole requests, and the wait before one is looked at. */
  readonly adds = new Histogram(spiderpoolBounds)
  readonly addWaits = new Histogram(spiderpoolBounds)
  readonly dels = new Histogram(spiderpoolBounds)
  readonly delWaits = new Histogram(spiderpoolBounds)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Called inside the noting of events. */
  count(event: NodeEvent): void {
    switch (event.type) {
      case 'Answered':
        return this.#answered(event)
      case 'Committed': {
        const seconds = event.ms / 1_000
        this.commits.add([event.isDurable ? 'durable' : 'refused'])
        this.commitDurations.observe(seconds)
        return this.commitChanges.observe(event.changes)
      }
      case 'Allocated':
        for (const { pool } of event.addresses) this.allocated.add([pool])
        break
      case 'Released':
        for (const { pool } of event.addresses) this.released.add([pool, event.cause])
        break
      case 'Refused': {
        const { reason, pools } = event
        this.refused.add([reason])
        for (const pool of pools.length === 0 ? [''] : pools) this.refusals.add([reason, pool])
        break
      }
      case 'Quarantined':
        this.quarantines.add([])
        break
      case 'LeaseGranted':
      case 'LeaseReceived':
      case 'LeaseAssigned':
      case 'LeaseReclaimed':
      case 'LeaseLost':
      case 'LeaseRetired': {
        const labels = [event.subnet, event.type.slice('Lease'.length).toLowerCase()]
        this.leaseMoves.add(labels)
        this.leaseAddresses.add(labels, sizeOf(event.runs))
        break
      }
      case 'ActorCrashed':
        this.crashes.add([event.actor])
        break
      case 'OrderGiven':
        this.orders.add([event.order, String(event.status)])
        break
      case 'Cooled':
      case 'QuarantineEnded':
      case 'Kept':
      case 'GrantClosed':
      case 'Contested':
      case 'MemberJoined':
      case 'MemberRemoved':
      case 'MemberReachable':
      case 'MemberUnreachable':
      case 'DrainBegun':
      case 'DrainEnded':
      case 'PoolChanged':
      case 'PoolRefused':
      case 'IncarnationEnded':
        break
    }
    this.events.add([event.type])
  }

  #answered({ verb, code, ms, decidingMs, trace }: Extract<NodeEvent, { type: 'Answered' }>): void {
    // A client may send anything as its verb.
    const known = knownVerbs.has(verb) ? verb : 'other'
    const result = code === undefined ? 'unanswered' : code === 0 ? 'success' : 'refused'
    const [seconds, deciding] = [ms / 1_000, decidingMs / 1_000]
    this.answers.add([known, code === undefined ? '' : String(code)])
    const traced = trace === undefined ? undefined : { trace, atMs: this.#clock.wallMs() }
    this.requests.observe([known, 'whole', result], seconds, traced)
    if (known === 'DEL') {
      this.dels.observe(seconds)
      this.delWaits.observe(seconds - deciding)
    }
    if (known !== 'ADD') return
    this.requests.observe([known, 'reading', result], seconds - deciding)
    this.requests.observe([known, 'deciding', result], deciding)
    this.adds.observe(seconds)
    this.addWaits.observe(seconds - deciding)
  }
}

/** As a number: a /64 is more than one holds exactly, and nobody minds. */
function sizeOf(runs: readonly Run[]): number {
  return Number(runs.reduce((sum, { start, end }) => sum + (end - start), 0n))
}
