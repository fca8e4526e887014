// SUBNET, one per subnet: owns its custody and its address book, and alone decides which address is used and
// which is given away. So no address can be both at once.

import type { Address } from '../core/address.ts'
import type { IpPool } from '../core/ip-pool.ts'
import { living } from '../core/registry/cluster-view.ts'
import type { MonotonicMs } from '../ports/clock.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import { censusOf } from './desk-census.ts'
import { subnetView } from './subnet-view.ts'
import { Desk, type DeskOptions } from './desk.ts'
import { Estate } from './estate.ts'
import { Evidence } from './evidence.ts'
import { reserveExact } from './exact-address.ts'
import type { Testified } from './messages/inquest.ts'
import type { ViewAdvanced } from './messages/membership.ts'
import type { PeerSays, SubnetMessage } from './messages/subnet.ts'
import type { Behaviour } from './runtime/behaviour.ts'
import { Quarantine } from './quarantine.ts'
import { inherit, noteDown, type OnKept, tellKept } from './aftermath.ts'
import { Keeps } from './keeps.ts'
import { occupancyOf } from './occupancy.ts'
import { judgeServing } from './serving.ts'
import { Sightings } from './sightings.ts'
import { Testimony } from './testimony.ts'
import { Transfers } from './transfers.ts'
import { usageOf } from './usage.ts'
import { WaitingRoom } from './waiting-room.ts'

/** A burst of every pod a node may have, many times over; each waiting message is a few hundred bytes. */
const mailboxLimit = 65_536

/** How late a cool-down may end, and a duty be noticed: each tick costs a look at the oldest ones. */
const tickMs = 1_000

export interface SubnetOptions extends DeskOptions {
  readonly pools: readonly IpPool[]
  readonly normalMs: number
  readonly probe: SandboxProbe
  /** Hears of addresses that are free again. */
  readonly onCooled: (addresses: readonly Address[], until: MonotonicMs) => void
  /** How long an address is kept for a pod that does not come back; without it for as long as its owner is there. */
  readonly keepMs: number | undefined
  readonly onKept: OnKept
  /** This node was away: nothing is served before others have been asked. */
  readonly isUnconfirmed: boolean
  readonly isDraining: boolean
  /** Hears that they have been asked. */
  readonly onCleared: () => void
}

interface State {
  readonly desk: Desk
  readonly room: WaitingRoom
  readonly sightings: Sightings
  readonly transfers: Transfers
  readonly evidence: Evidence
  readonly testimony: Testimony
  readonly quarantine: Quarantine
  readonly keeps: Keeps
  readonly estate: Estate
  isDraining: boolean
  /** The disk refused what the registry decided. */
  isBehind: boolean
  reachable: ReadonlySet<number>
  waitsFor: readonly number[]
}

export function subnet(options: SubnetOptions): Behaviour<SubnetMessage, State> {
  return {
    name: 'subnet',
    mailboxLimit,
    start: context => {
      const desk = new Desk(options, context)
      desk.isUnconfirmed = options.isUnconfirmed
      const sightings = new Sightings(desk, options.probe)
      const look = (pool: string) => sightings.look(pool)
      const room = new WaitingRoom(desk, look)
      const evidence = new Evidence(desk)
      const state: State = {
        desk,
        room,
        sightings,
        evidence,
        transfers: new Transfers(desk, room, evidence, look),
        testimony: new Testimony(desk, evidence),
        quarantine: new Quarantine(desk),
        keeps: new Keeps(desk, options.keepMs),
        estate: new Estate(desk),
        isDraining: options.isDraining,
        isBehind: false,
        reachable: new Set(),
        waitsFor: []
      }
      room.setPools(options.pools)
      enterView(state, { type: 'ViewAdvanced', view: options.custody.view })
      if (desk.isUnconfirmed) askWhetherForgotten(state)
      context.schedule('tick', tickMs, { type: 'CooldownTick' })
      return state
    },
    describe: subnetView,
    receive: (state, message) => {
      receive(state, message, options)
      tellKept(state, options.onKept)
      return state
    }
  }
}

function receive(state: State, message: SubnetMessage, options: SubnetOptions): void {
  const { desk, room, sightings, estate } = state
  const { book } = desk
  switch (message.type) {
    case 'Reserve':
      return room.reserve(message)
    case 'ReserveExact':
      return reserveExact(message, state)
    case 'Quarantine':
      return state.quarantine.put(message.address, message.mac)
    case 'Rename':
      return book.reassign(message.address, message.holder)
    case 'Confirm':
      return book.confirm(message.address)
    case 'Keep':
      return state.keeps.keep(message.address, message.bind)
    case 'Unkeep':
      return state.keeps.unkeep(message.address, message.bind, message.why)
    case 'Cancel':
      book.cancel(message.address)
      return serve(state)
    case 'Cool':
      book.cool(message.address, message.since, message.sandbox, message.vacated)
      return looking(state)
    case 'SetPools':
      book.setPools(message.pools)
      room.setPools(message.pools)
      return serve(state)
    case 'DescribeUsage':
      return message.replyTo(usageOf(state))
    case 'SuspectsSighted':
      sightings.seen(message.suspects, message.sightings)
      return serve(state)
    case 'CooldownTick':
      return tick(state, options)
    case 'WaitingTick':
      return room.expire()
    case 'PeerSays':
      return heard(state, message)
    case 'ViewAdvanced':
      return enterView(state, message)
    case 'Found':
      return room.lacking(message.pool, message.lack)
    case 'NothingElsewhere':
      return room.nothingElsewhere(message.pool)
    case 'Outlook':
      return room.setElsewhere(message.pool, message.elsewhere)
    case 'Reconcile':
      return state.testimony.summarise(message.member)
    case 'Cleared':
      desk.isUnconfirmed = false
      if (message.wctr !== undefined) state.evidence.skipTo(message.wctr)
      judgeServing(state)
      return options.onCleared()
    case 'Exposed':
      return desk.end(message.evidence)
    case 'Conclude':
      state.testimony.conclude(message)
      return settle(state)
    case 'WaitsFor':
      state.waitsFor = message.members
      state.testimony.nonce = message.nonce
      return
    case 'DrainNode':
      state.isDraining = message.isOver !== true
      return judgeServing(state)
    case 'MemberReachable': {
      const reachable = new Set(state.reachable)
      if (message.reachable) reachable.add(message.member)
      else reachable.delete(message.member)
      state.reachable = reachable
      return
    }
    case 'FetchAddress':
      return estate.fetch(message.address, message.replyTo)
    case 'DescribeOccupancy':
      return message.replyTo(occupancyOf(desk, state.quarantine, message.window))
    case 'DescribeAddresses':
      return message.replyTo(censusOf(state, message))
    case 'LiftQuarantine':
      return message.replyTo(state.quarantine.lift(message.address))
    case 'DescribeCustody':
      return message.replyTo({
        domain: desk.domain,
        me: desk.custody.me,
        notServing: desk.notServing,
        isDraining: state.isDraining,
        runs: desk.custody.map.runs(),
        contests: desk.custody.contests.filter(({ address }) => desk.custody.isContested(address)),
        grants: desk.custody.grants,
        waitsFor: state.waitsFor
      })
  }
}

function heard(state: State, { from, body }: PeerSays): void {
  const { transfers, testimony } = state
  switch (body.type) {
    case 'Ask':
      return transfers.asked(from, body)
    case 'Grant':
      transfers.granted(from, body)
      return settle(state)
    case 'No':
      return transfers.denied(from, body)
    case 'Taken':
      return transfers.taken(from, body)
    case 'Summary':
      return testimony.summaryHeard(from, body)
    case 'Delta':
      testimony.deltaHeard(from, body)
      return settle(state)
    case 'Collect':
      return testimony.collect(from, body)
    case 'Confirm':
      return testimony.confirm(from, body, wctr => transfers.isTaken(wctr))
    case 'Collected':
      if (testimony.collected(from, body)) testify(state, from, body)
      return settle(state)
    case 'Confirmed':
      return testify(state, from, { ...body, newer: state.desk.unknownOf(body.newer) })
  }
}

function testify({ desk }: State, from: PeerSays['from'], testimony: Testified['testimony']): void {
  desk.neighbours.inquest.insist({ type: 'Testified', from, testimony })
}

/** What was decided may have brought addresses, duties and news. */
function settle(state: State): void {
  serve(state)
  inherit(state)
  noteDown(state)
}

/** Who waits here comes first, who waits elsewhere second. */
function serve({ room, transfers }: State): void {
  room.serve()
  transfers.serveMarks()
}

/** Pods wait, here or elsewhere: what was just released may be theirs as soon as its namespace is gone. */
function looking({ room, transfers, sightings }: State): void {
  for (const pool of room.poolNames) {
    if (room.waiting(pool) > 0 || transfers.wanted().has(pool)) sightings.look(pool)
  }
}

function enterView(state: State, { view }: ViewAdvanced): void {
  const { desk, room } = state
  const { custody } = desk
  const change = custody.planView(view, desk.incarnation)
  // The registry's record is durable already; what follows from it can be decided again.
  state.isBehind = !desk.commit(change, one => custody.applyView(one))
  room.setMembers(living(view).length)
  judgeServing(state)
  settle(state)
}

function askWhetherForgotten({ desk }: State): void {
  const { custody, neighbours } = desk
  const me = custody.me
  const runs = me === undefined ? [] : custody.map.runsOf(me)
  desk.noteAsking()
  const wctr = me === undefined ? 0 : (custody.marks.get(me) ?? 0)
  neighbours.inquest.insist({ type: 'AskWhetherForgotten', wctr, runs })
}

function tick(state: State, { normalMs, onCooled }: SubnetOptions): void {
  const { desk, room, transfers, estate } = state
  const now = desk.now()
  if (state.isBehind) enterView(state, { type: 'ViewAdvanced', view: desk.custody.view })
  state.quarantine.end(now)
  state.keeps.tick()
  const cooled = desk.book.endCooldowns(now)
  if (cooled.length > 0) onCooled(cooled, now - normalMs)
  serve(state)
  looking(state)
  transfers.tick()
  // Who may have forgotten something writes nothing, and who has no future neither.
  if (!desk.isUnconfirmed && !desk.isEnded) {
    estate.retire()
    if (state.isDraining) transfers.giveAway(state.reachable)
  }
  estate.adoptOrphans()
  room.prefetch()
  inherit(state)
  noteDown(state)
  desk.context.schedule('tick', tickMs, { type: 'CooldownTick' })
}
