// Where chained plugins ask.

/** Beside the socket of the addresses; as in `plugin.c` (docs/wire.md). */
export function chainedSocket(socket: string): string {
  return `${socket}.chained`
}
