// An actor whose state is an object that changes itself and tells people of itself.

import type { Behaviour } from './behaviour.ts'

export interface Lively<Message> {
  receive(message: Message): void
  /** See Behaviour.describe. */
  describe(): unknown
}

/** The part of its behaviour that is the same for all of these. */
export function lively<Message, State extends Lively<Message>>(): Required<
  Pick<Behaviour<Message, State>, 'receive' | 'describe'>
> {
  return {
    receive: (state, message) => {
      state.receive(message)
      return state
    },
    describe: state => state.describe()
  }
}
