// Chance comes in by this door only, so that a simulation can repeat it.

export interface Random {
  /** At least 0 and less than 1. */
  next(): number
  /** This many random bytes as hexadecimal digits; fit for names that must never meet. */
  hex(bytes: number): string
}
