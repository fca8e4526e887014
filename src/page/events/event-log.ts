// The last events of the node, by server-sent events: what is shown as a list, what addresses they touch, and whom
// else they concern.

import { computed, signal } from '@preact/signals'
import { parseRange } from '../../core/address-range.ts'
import { announce } from '../announce.ts'
import { askAll } from '../node-state.ts'
import { askOthers } from '../mesh/hearsay.ts'
import { askHoldings } from '../mesh/holdings.ts'
import { touch, touchAll } from '../space/open-space.ts'

export interface NodeEvent {
  readonly seq: number
  readonly at: string
  readonly type: string
  readonly text: string
  readonly address?: string
  readonly addresses?: readonly (string | { readonly address: string })[]
  readonly runs?: readonly { readonly range: string }[]
}

export type Kind = 'pods' | 'leases' | 'members' | 'node'
export const kinds: readonly Kind[] = ['pods', 'leases', 'members', 'node']

/** More than anybody reads; older ones are at the node. */
const keptMax = 500
const pastAtFirst = 100
/** A burst is drawn a few times a second. */
const drawMs = 150
/** Events of membership come in bunches. */
const askMs = 300

export type LineState = 'connecting' | 'live' | 'lost'

export const line = signal<LineState>('connecting')
export const isPaused = signal(false)
export const filterText = signal('')
export const hiddenKinds = signal<ReadonlySet<Kind>>(new Set())
/** Newest first. */
const all = signal<readonly NodeEvent[]>([])
const frozen = signal<readonly NodeEvent[]>([])
/** How many came while nobody wanted to see them. */
export const unseen = computed(() => (isPaused.value ? countNewer(all.value, frozen.value[0]) : 0))
export const listed = computed(() => {
  const wanted = filterText.value.trim().toLowerCase()
  return (isPaused.value ? frozen.value : all.value).filter(
    ({ type, text }) =>
      !hiddenKinds.value.has(kindOf(type)) &&
      (wanted === '' || text.toLowerCase().includes(wanted) || type.toLowerCase().includes(wanted))
  )
})

export function togglePause(): void {
  frozen.value = all.peek()
  isPaused.value = !isPaused.peek()
}

export function toggleKind(kind: Kind): void {
  const next = new Set(hiddenKinds.peek())
  if (!next.delete(kind)) next.add(kind)
  hiddenKinds.value = next
}

let waiting: NodeEvent[] = []

/** From now on. The browser itself connects again, and says which event it had last. */
export function followEvents(): void {
  const source = new EventSource(`/v1/events?last=${pastAtFirst}`)
  let isFirst = true
  source.addEventListener('open', () => {
    line.value = 'live'
    if (!isFirst) touchAll()
    isFirst = false
    void askAll()
  })
  source.addEventListener('error', () => {
    if (line.peek() === 'live') announce('The node does not answer.')
    line.value = 'lost'
    // It tries no more after an answer that is no stream.
    if (source.readyState === EventSource.CLOSED) setTimeout(followEvents, 5_000)
  })
  source.addEventListener('lost', touchAll)
  source.addEventListener('message', ({ data }: MessageEvent<string>) => {
    take(JSON.parse(data) as NodeEvent)
  })
}

function take(event: NodeEvent): void {
  touchOf(event)
  if (kindOf(event.type) !== 'pods') askSoon()
  if (urgent.has(event.type) && Date.now() - Date.parse(event.at) < 10_000) announce(event.text)
  waiting.push(event)
  if (waiting.length > 1) return
  setTimeout(() => {
    const known = all.peek()[0]?.seq ?? 0
    // A daemon that was started anew counts from one again.
    const isOld = waiting.every(({ seq }) => seq <= known)
    const news = isOld ? waiting : waiting.filter(({ seq }) => seq > known)
    all.value = [...news.reverse(), ...all.peek()].slice(0, keptMax)
    waiting = []
  }, drawMs)
}

/** What must not be missed by who does not look. */
const urgent: ReadonlySet<string> = new Set([
  'MemberReachable',
  'MemberUnreachable',
  'MemberRemoved',
  'Contested',
  'Quarantined',
  'ActorCrashed',
  'IncarnationEnded',
  'DrainBegun',
  'DrainEnded'
])

function touchOf({ address, addresses = [], runs = [] }: NodeEvent): void {
  const texts = [
    ...(address === undefined ? [] : [address]),
    ...addresses.map(one => (typeof one === 'string' ? one : one.address)),
    ...runs.map(({ range }) => range)
  ]
  for (const text of texts) {
    const range = parseRange(text)
    if (!('problem' in range)) touch(range.start, range.end)
  }
}

let isAsking = false

function askSoon(): void {
  if (isAsking) return
  isAsking = true
  setTimeout(() => {
    isAsking = false
    void askAll()
    void askHoldings()
    void askOthers()
  }, askMs)
}

const podEvents = [
  'Allocated',
  'Released',
  'Refused',
  'Cooled',
  'Quarantined',
  'QuarantineEnded',
  'Kept'
]

export function kindOf(type: string): Kind {
  if (podEvents.includes(type)) return 'pods'
  if (type.startsWith('Member')) return 'members'
  if (type.startsWith('Lease') || type === 'GrantClosed' || type === 'Contested') return 'leases'
  return 'node'
}

function countNewer(events: readonly NodeEvent[], seen: NodeEvent | undefined): number {
  const at = seen === undefined ? -1 : events.indexOf(seen)
  return at < 0 ? events.length : at
}
