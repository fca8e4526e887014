// When the world fails. An expected "no" is a value (refusal.ts); our own mistake is an assertion.

export type ErrorCode =
  | 'ERR_CONFIG_INVALID'
  | 'ERR_STORE_FAILED'
  | 'ERR_STORE_FULL'
  | 'ERR_STORE_CORRUPT'
  | 'ERR_STORE_TOO_NEW'
  | 'ERR_STATE_LOCKED'
  | 'ERR_FRAME_INVALID'
  | 'ERR_REGISTRY_UNREACHABLE'

export abstract class OrbweaverError extends Error {
  abstract readonly code: ErrorCode

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The configuration says something that cannot be; `problems` has one sentence each. */
export class ConfigInvalidError extends OrbweaverError {
  readonly code = 'ERR_CONFIG_INVALID'
  readonly problems: readonly string[]

  constructor(where: string, problems: readonly string[]) {
    super(`${where}: ${problems.join('; ')}`)
    this.problems = problems
  }
}

/** The store could not make a change durable; nothing was promised to anyone. */
export class StoreFailedError extends OrbweaverError {
  readonly code: ErrorCode = 'ERR_STORE_FAILED'
}

/** As StoreFailedError, because the disk under the state directory is full. */
export class StoreFullError extends StoreFailedError {
  override readonly code = 'ERR_STORE_FULL'
}

/** The database was there and can no longer be read, so what is allocated is not known. */
export class StoreCorruptError extends OrbweaverError {
  readonly code = 'ERR_STORE_CORRUPT'
}

/** The database was written by a newer release. */
export class StoreTooNewError extends OrbweaverError {
  readonly code = 'ERR_STORE_TOO_NEW'
}

/** Another daemon holds this state directory. */
export class StateLockedError extends OrbweaverError {
  readonly code = 'ERR_STATE_LOCKED'
}

/** Bytes on the socket or in the deletion queue are not what the wire format allows. */
export class FrameInvalidError extends OrbweaverError {
  readonly code = 'ERR_FRAME_INVALID'
}

/** Nobody who keeps the registry answered; what was asked for may have happened or not. */
export class RegistryUnreachableError extends OrbweaverError {
  readonly code = 'ERR_REGISTRY_UNREACHABLE'
}
