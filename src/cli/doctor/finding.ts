// What the doctor has found, and what to do about it.

export interface Finding {
  readonly check: string
  /** `unknown`: it cannot be found out here, or not now. */
  readonly state: 'ok' | 'warning' | 'problem' | 'unknown'
  readonly what: string
  /** Present unless all is well. */
  readonly todo?: string
}

export function ok(check: string, what: string): Finding {
  return { check, state: 'ok', what }
}

export function wrong(
  check: string,
  state: Exclude<Finding['state'], 'ok'>,
  what: string,
  todo: string
): Finding {
  return { check, state, what, todo }
}
