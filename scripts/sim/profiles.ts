// Classes of histories. High rates of everything would starve progress, and the schedules that matter would
// never come about; so each class has its own faults, and says what it must have exercised.

import type { ConfirmMode } from '../../src/actors/house.ts'

export type FaultKind =
  | 'cut'
  | 'island'
  | 'flap'
  | 'die'
  | 'reboot'
  | 'restore'
  | 'loseDisk'
  | 'refuse'
  | 'slow'
  | 'wallJump'
  | 'registryAway'
  | 'registryLossy'
  | 'remove'
  | 'wrongRemove'
  | 'fetch'
  | 'drain'

export interface Fault {
  readonly kind: FaultKind
  /** How often at least and at most in a history. */
  readonly count: readonly [number, number]
  /** In each history, not only in some. */
  readonly always?: boolean
}

export interface Profile {
  readonly what: string
  readonly nodesMax: number
  readonly addresses: readonly [number, number]
  /** Pods for each address. */
  readonly pods: readonly [number, number]
  /** How many of the pods start at once. */
  readonly bursts: number
  /** How many of the pods end. */
  readonly ends: number
  /** How many of the pods keep their addresses; none without it. */
  readonly fixed?: number
  /** In how many histories another release comes to all nodes; in none without it. */
  readonly upgrades?: number
  /** How many histories have a network that loses, doubles and delays. */
  readonly badWeather: number
  readonly lastsMs: number
  readonly confirm: readonly ConfirmMode[]
  readonly faults: readonly Fault[]
  /** Counters that must not be zero over a few hundred histories. */
  readonly covers: readonly string[]
}

const usual = {
  nodesMax: 5,
  addresses: [4, 16],
  pods: [0.8, 1.6],
  bursts: 0.4,
  ends: 0.6,
  badWeather: 0.6,
  lastsMs: 45_000,
  confirm: ['none', 'reachable', 'all']
} as const

const basics = ['pods', 'grants', 'no', 'merged', 'heard of Joins', 'heard of joint Joins'] as const

export const profiles: Readonly<Record<string, Profile>> = {
  calm: {
    ...usual,
    what: 'bursts of exactly as many pods as addresses, nothing breaks',
    pods: [0.9, 1.1],
    bursts: 0.9,
    ends: 0.2,
    badWeather: 0,
    lastsMs: 15_000,
    confirm: ['reachable'],
    faults: [{ kind: 'fetch', count: [1, 2] }],
    covers: [...basics, 'prefetches', 'marks served']
  },
  churn: {
    ...usual,
    what: 'pods come and go in every order while messages get lost',
    pods: [1.2, 2],
    ends: 0.9,
    badWeather: 1,
    faults: [
      { kind: 'die', count: [1, 3] },
      { kind: 'refuse', count: [1, 2] },
      { kind: 'slow', count: [1, 1] },
      { kind: 'wallJump', count: [1, 2] },
      { kind: 'fetch', count: [1, 3] }
    ],
    covers: [
      ...basics,
      'late DELs',
      'doubled DELs',
      'refused late ADDs',
      'repeated grants',
      'session drops'
    ]
  },
  partition: {
    ...usual,
    what: 'one-way cuts, islands and flapping',
    faults: [
      { kind: 'cut', count: [1, 4], always: true },
      { kind: 'island', count: [1, 3] },
      { kind: 'flap', count: [1, 2] },
      { kind: 'registryAway', count: [1, 2] }
    ],
    covers: [...basics, 'gifts', 'repeated grants']
  },
  crash: {
    ...usual,
    what: 'processes die between two messages and on either side of a commit; machines reboot; releases change',
    faults: [
      { kind: 'die', count: [2, 6], always: true },
      { kind: 'reboot', count: [1, 3] },
      { kind: 'refuse', count: [1, 1] },
      { kind: 'registryLossy', count: [1, 1] }
    ],
    upgrades: 0.4,
    covers: [...basics, 'deaths', 'lowest versions', 'reboots', 'session drops', 'confirmations']
  },
  rollback: {
    ...usual,
    what: 'disks fall back to an earlier day, or are lost',
    confirm: ['all'],
    faults: [
      { kind: 'restore', count: [1, 3], always: true },
      { kind: 'loseDisk', count: [1, 2] },
      { kind: 'cut', count: [1, 2] },
      { kind: 'die', count: [1, 2] }
    ],
    covers: [...basics, 'fallbacks', 'reincarnations', 'superseded', 'rounds completed']
  },
  reclaim: {
    ...usual,
    what: 'machines are switched off, removed, and come back with their old disks',
    lastsMs: 60_000,
    faults: [
      { kind: 'remove', count: [1, 3], always: true },
      { kind: 'cut', count: [1, 2] },
      { kind: 'die', count: [1, 2] },
      { kind: 'registryAway', count: [1, 1] },
      { kind: 'loseDisk', count: [1, 1] }
    ],
    covers: [...basics, 'removals', 'rounds opened', 'rounds completed', 'zombies', 'fenced']
  },
  mixed: {
    ...usual,
    what: 'some of everything',
    lastsMs: 60_000,
    confirm: ['all'],
    faults: [
      { kind: 'cut', count: [1, 2] },
      { kind: 'island', count: [1, 1] },
      { kind: 'die', count: [1, 3] },
      { kind: 'reboot', count: [1, 2] },
      { kind: 'restore', count: [1, 2] },
      { kind: 'loseDisk', count: [1, 1] },
      { kind: 'refuse', count: [1, 1] },
      { kind: 'slow', count: [1, 1] },
      { kind: 'registryAway', count: [1, 1] },
      { kind: 'registryLossy', count: [1, 1] },
      { kind: 'remove', count: [1, 2] },
      { kind: 'fetch', count: [1, 2] },
      { kind: 'drain', count: [1, 1] }
    ],
    covers: [...basics, 'rounds completed', 'reincarnations', 'gifts']
  },
  scarce: {
    ...usual,
    what: 'more pods than addresses, all the time',
    pods: [1.3, 2.5],
    ends: 0.95,
    badWeather: 0.4,
    faults: [
      { kind: 'cut', count: [1, 2] },
      { kind: 'die', count: [1, 2] }
    ],
    covers: [...basics, 'marks served', 'full', 'sweeps']
  },
  fixed: {
    ...usual,
    what: 'pods that keep their addresses come back on any node, until their owner is gone',
    pods: [1.2, 2],
    ends: 0.95,
    fixed: 0.7,
    badWeather: 0.4,
    lastsMs: 60_000,
    confirm: ['all'],
    faults: [
      { kind: 'cut', count: [1, 2] },
      { kind: 'die', count: [1, 2] },
      { kind: 'reboot', count: [1, 1] },
      { kind: 'restore', count: [1, 1] },
      { kind: 'loseDisk', count: [1, 1] },
      { kind: 'refuse', count: [1, 1] },
      { kind: 'remove', count: [1, 1] },
      { kind: 'drain', count: [1, 1] }
    ],
    covers: [...basics, 'keeps', 'had again', 'kept no more', 'rounds completed']
  },
  wrong: {
    ...usual,
    what: 'machines are removed that still run: uniqueness may break, and must be shown',
    lastsMs: 60_000,
    faults: [
      { kind: 'wrongRemove', count: [1, 2], always: true },
      { kind: 'island', count: [1, 2], always: true },
      { kind: 'die', count: [1, 1] }
    ],
    covers: [...basics, 'fenced', 'reincarnations']
  }
}
