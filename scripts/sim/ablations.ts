// What catches the loss of each rule: histories of a class within so many seeds, or a schedule by hand. Rules
// that others stand behind are caught only together with those.

import type { Rules } from '../../src/core/lease/rules.ts'

export type Catch =
  | {
      readonly by: 'profile'
      readonly profile: string
      /** The loss is found within so many seeds from 1 on. */
      readonly seeds: number
    }
  | {
      readonly by: 'schedule'
      /** In test/sim/schedules. */
      readonly file: string
      /** What has to be off as well. */
      readonly together?: readonly (keyof Rules)[]
    }

export const ablations: Partial<Record<keyof Rules, Catch>> = {
  registryFirst: { by: 'schedule', file: 'registry-first' },
  session: { by: 'schedule', file: 'm1-slow-grant' },
  addressee: { by: 'schedule', file: 'm6-nonce', together: ['nonce'] },
  unanimous: { by: 'profile', profile: 'rollback', seeds: 40 },
  voidRound: { by: 'schedule', file: 'm2-void-round' },
  nonce: { by: 'schedule', file: 'm6-nonce', together: ['addressee'] },
  bootRead: { by: 'schedule', file: 'm5-boot-read' },
  confirmRegisters: { by: 'schedule', file: 'm3-third-party' },
  confirmLive: { by: 'schedule', file: 'm4-lost-receiver' },
  claimFence: { by: 'profile', profile: 'reclaim', seeds: 40 },
  lastAddress: { by: 'profile', profile: 'calm', seeds: 40 },
  commitFirst: { by: 'profile', profile: 'crash', seeds: 40 }
}

/** Rules whose loss no history has shown yet: others stand behind them, or nothing here looks for it. */
export const uncaught: readonly (keyof Rules)[] = [
  'fence',
  'superseded',
  'forgotten',
  'contested',
  'asked',
  'vouchConfirmed',
  'standingDuty',
  'accounted',
  'cutMarks'
]
