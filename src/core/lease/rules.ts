// Every rule of the protocol has a switch, so that the simulator can show what breaks without it. The daemon
// never turns one.

export interface Rules {
  /** G2: nothing is taken from a sender who knows more of the registry. */
  readonly registryFirst: boolean
  /** G3: nothing is taken from an incarnation that was removed. */
  readonly fence: boolean
  /** G4: nothing is taken but in the session that was challenged in this process's life. */
  readonly session: boolean
  /** G4, other half: nothing is taken that was meant for an earlier process or another incarnation. */
  readonly addressee: boolean
  /** A session older than one that is remembered proves that the sender's database is a copy from the past. */
  readonly superseded: boolean
  /** G6: a newer register of an own address, written by others, proves that this node forgot. */
  readonly forgotten: boolean
  /** Two registers of one key put the address out of use. */
  readonly contested: boolean
  /** A request that was granted is not granted again. */
  readonly asked: boolean
  /** A reclaim round needs everybody. */
  readonly unanimous: boolean
  /** A round is void when a member was removed before it had answered. */
  readonly voidRound: boolean
  /** An answer to an heir is knowledge at once, not only when its round is complete. */
  readonly testimonyAtOnce: boolean
  /** A member that has not been confirmed since its reboot vouches for nothing. */
  readonly vouchConfirmed: boolean
  /** An answer counts in the round that it was asked in. */
  readonly nonce: boolean
  /** Whenever a register resolves to an heir it takes over, not only once. */
  readonly standingDuty: boolean
  /** A claim goes under the fence of the removal. */
  readonly claimFence: boolean
  /** After a reboot the registry is read before anything is served. */
  readonly bootRead: boolean
  /** After a reboot others are asked what they know that was forgotten: registers. */
  readonly confirmRegisters: boolean
  /** Also of addresses that it does not know to be its own. */
  readonly confirmGiven: boolean
  /** What it knew when it asked proves nothing. */
  readonly confirmNews: boolean
  /** And where pods live. */
  readonly confirmLive: boolean
  /** Demand gets the donor's last address, no reserve is kept back. */
  readonly lastAddress: boolean
  /** A pool is called full only when every address is accounted for. */
  readonly accounted: boolean
  /** A mark is not raised past what a batch was cut off at. */
  readonly cutMarks: boolean
  /** Nothing is told before it is durable. */
  readonly commitFirst: boolean
  /** Who asks late to join is let in, but not when somebody of its name has joined since. */
  readonly lateNamesake: boolean
}

export const allRules: Rules = {
  registryFirst: true,
  fence: true,
  session: true,
  addressee: true,
  superseded: true,
  forgotten: true,
  contested: true,
  asked: true,
  unanimous: true,
  voidRound: true,
  testimonyAtOnce: true,
  vouchConfirmed: true,
  nonce: true,
  standingDuty: true,
  claimFence: true,
  bootRead: true,
  confirmRegisters: true,
  confirmGiven: true,
  confirmNews: true,
  confirmLive: true,
  lastAddress: true,
  accounted: true,
  cutMarks: true,
  commitFirst: true,
  lateNamesake: true
}
