// Why a link could not be asked, from whatever was thrown on the way.

import { errorCodeOf, messageOf } from '../core/error-text.ts'
import { whyNotEntered } from '../kernel/entering.ts'
import type { ProbeNotPossible, ProbeObstacle } from '../ports/link-prober.ts'

export class Obstacle extends Error {
  readonly why: ProbeObstacle

  constructor(why: ProbeObstacle, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = new.target.name
    this.why = why
  }
}

const byCode: ReadonlyMap<string | undefined, ProbeObstacle> = new Map([
  ['EPERM', 'Forbidden'],
  ['EACCES', 'Forbidden'],
  ['ENODEV', 'NoInterface'],
  ['ENXIO', 'NoInterface'],
  ['ENETDOWN', 'Down']
])

export function obstacleOnEntering(netns: string, error: unknown): Obstacle {
  return new Obstacle(whyNotEntered(error), `${netns} cannot be entered: ${messageOf(error)}`, {
    cause: error
  })
}

export function notPossible(error: unknown): ProbeNotPossible {
  const why = error instanceof Obstacle ? error.why : byCode.get(errorCodeOf(error))
  return { type: 'NotPossible', why: why ?? 'Failed', detail: messageOf(error) }
}
