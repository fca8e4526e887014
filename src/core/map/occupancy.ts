// The address space of one subnet as one node knows it: of every address in a window what it is, and whose.

import type { AddressRange } from '../address-range.ts'
import { AddressSet } from '../address-set.ts'
import { bindOf } from '../lease/bind.ts'
import { type MemberIndex, type Register, retired, type Run } from '../lease/register.ts'
import { type Layer, paint, type Stretch } from './stretches.ts'

export const addressStates = [
  /** This node may give it to the next pod. */
  'free',
  /** A pod of this node has it, or is about to. */
  'used',
  /** It was released here a short while ago. */
  'cooling',
  /** A host has it that is no pod. */
  'quarantined',
  /** Nobody uses it, and only its owner's pod may: a fixed address, or one of an application. */
  'kept',
  /** Another node's; whether a pod has it is known there. */
  'held',
  /** Two nodes have proof that it is theirs, and nobody uses it until people decide. */
  'contested',
  /** Given up for good: its pool lost the range. */
  'retired',
  /** No pod may have it: a SpiderReservedIP, a gateway, a network or broadcast address. */
  'reserved',
  /** In no pool of this node. */
  'outside',
  /** In a pool, and under nobody's custody yet. */
  'unclaimed'
] as const

export type AddressState = (typeof addressStates)[number]

export interface AddressLabel {
  readonly state: AddressState
  /** Whose it is, where somebody's. */
  readonly owner?: MemberIndex
}

/** What the subnet knows of a window, as sets and runs. */
export interface Occupancy {
  readonly me: MemberIndex | undefined
  /** Custody, sorted; of nothing outside of the window. */
  readonly runs: readonly Run[]
  /** What follows may reach beyond the window. */
  readonly used: AddressSet
  readonly cooling: AddressSet
  readonly quarantined: AddressSet
  readonly contested: AddressSet
}

/** What the pools say of the subnet. */
export interface Offer {
  readonly usable: AddressSet
  readonly reserved: AddressSet
}

/** Sorted stretches from end to end of the window; equal labels are one object. */
export function spaceOf(
  window: AddressRange,
  { me, runs, used, cooling, quarantined, contested }: Occupancy,
  { usable, reserved }: Offer
): Stretch<AddressLabel>[] {
  const labels = new Labels()
  const own = (set: AddressSet, state: AddressState) => layerOf(set, labels.of(state, me))
  const beyond = AddressSet.of([window]).subtract(usable)
  return paint(
    window,
    [
      layerOf(contested, labels.of('contested')),
      own(quarantined, 'quarantined'),
      own(used, 'used'),
      own(cooling, 'cooling'),
      runs.filter(run => isSettled(run.register)).map(run => held(run, me, labels)),
      layerOf(reserved, labels.of('reserved')),
      layerOf(beyond, labels.of('outside')),
      runs.map(run => held(run, me, labels))
    ],
    labels.of('unclaimed')
  )
}

/** Whatever pools say of it: it is given up, or kept for somebody. Of all else they say whether pods may have it. */
function isSettled({ owner, tail }: Register): boolean {
  return owner === retired || bindOf(tail) !== undefined
}

function held(
  { start, end, register: { owner, tail } }: Run,
  me: MemberIndex | undefined,
  labels: Labels
): Stretch<AddressLabel> {
  if (owner === retired) return { start, end, label: labels.of('retired') }
  const isKept = bindOf(tail) !== undefined
  const state = isKept ? 'kept' : owner === me ? 'free' : 'held'
  return { start, end, label: labels.of(state, owner) }
}

function layerOf<Label>(set: AddressSet, label: Label): Layer<Label> {
  return [...set.ranges()].map(({ start, end }) => ({ start, end, label }))
}

class Labels {
  readonly #known = new Map<string, AddressLabel>()

  of(state: AddressState, owner?: MemberIndex): AddressLabel {
    const key = `${state} ${owner ?? ''}`
    const label = this.#known.get(key) ?? { state, ...(owner !== undefined && { owner }) }
    this.#known.set(key, label)
    return label
  }
}
