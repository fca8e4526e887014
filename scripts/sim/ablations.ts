// What catches the loss of each rule: histories of a class within so many seeds, or a schedule by hand. A rule that
// another one stands behind is caught only together with that.

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

export const ablations: Readonly<Record<keyof Rules, Catch>> = {
  registryFirst: { by: 'schedule', file: 'registry-first' },
  fence: { by: 'schedule', file: 'fence-zombie' },
  session: { by: 'schedule', file: 'm1-slow-grant' },
  addressee: { by: 'schedule', file: 'm6-nonce', together: ['nonce'] },
  superseded: { by: 'schedule', file: 'superseded' },
  forgotten: { by: 'schedule', file: 'forgotten' },
  contested: { by: 'schedule', file: 'contested' },
  asked: { by: 'profile', profile: 'churn', seeds: 40 },
  unanimous: { by: 'profile', profile: 'rollback', seeds: 40 },
  voidRound: { by: 'schedule', file: 'm2-void-round' },
  testimonyAtOnce: { by: 'schedule', file: 'testimony-at-once' },
  vouchConfirmed: { by: 'schedule', file: 'vouch-confirmed' },
  nonce: { by: 'schedule', file: 'm6-nonce', together: ['addressee'] },
  standingDuty: { by: 'profile', profile: 'reclaim', seeds: 40 },
  claimFence: { by: 'profile', profile: 'reclaim', seeds: 40 },
  bootRead: { by: 'schedule', file: 'm5-boot-read' },
  confirmRegisters: { by: 'schedule', file: 'm3-third-party' },
  confirmGiven: { by: 'schedule', file: 'unlisted' },
  confirmNews: { by: 'schedule', file: 'unlisted' },
  confirmLive: { by: 'schedule', file: 'm4-lost-receiver' },
  lastAddress: { by: 'profile', profile: 'calm', seeds: 40 },
  accounted: { by: 'schedule', file: 'accounted' },
  cutMarks: { by: 'schedule', file: 'cut-marks' },
  commitFirst: { by: 'profile', profile: 'crash', seeds: 40 },
  lateNamesake: { by: 'schedule', file: 'late-join' }
}
