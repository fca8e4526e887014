// What the exit status of orb says; docs/orb.md has the same table.

export const exitStatus = {
  done: 0,
  /** The daemon says no, or something went wrong. */
  refused: 1,
  /** The command makes no sense; nothing was asked. */
  misused: 2,
  /** No daemon answers. */
  unanswered: 3,
  /** `orb doctor` has found something that has to be done. */
  ailing: 4,
  /** What was waited for did not happen in time. */
  late: 5
} as const

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus]

/** Ends a command: what to tell the person on stderr, and the status. */
export class CommandFailure extends Error {
  readonly status: ExitStatus

  constructor(status: ExitStatus, message: string) {
    super(message)
    this.name = 'CommandFailure'
    this.status = status
  }
}
