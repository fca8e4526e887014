// Which answers are on their way. An ADD is told over a connection that can break at any byte; an answer
// that nobody confirmed belongs to nobody and is taken back.

/** One request on one connection. */
export type ClientId = number

export class Deliveries {
  /** By attachment key: the clients that were answered, as long as none of them has confirmed. */
  readonly #unconfirmed = new Map<string, Set<ClientId>>()

  /** A new attachment is told to a client; several that waited for it may follow at once. */
  open(key: string, client: ClientId): void {
    const clients = this.#unconfirmed.get(key)
    if (clients === undefined) this.#unconfirmed.set(key, new Set([client]))
    else clients.add(client)
  }

  /** Another client gets the same answer later. Nothing to note when somebody has confirmed it already. */
  join(key: string, client: ClientId): void {
    this.#unconfirmed.get(key)?.add(client)
  }

  /** This client has the answer. A late word of an earlier life of the key changes nothing. */
  confirm(key: string, client: ClientId): void {
    if (this.#unconfirmed.get(key)?.has(client) === true) this.#unconfirmed.delete(key)
  }

  /** The attachment is gone. */
  settle(key: string): void {
    this.#unconfirmed.delete(key)
  }

  /** This client went away. True when it was the last hope that anybody got the answer. */
  abandon(key: string, client: ClientId): boolean {
    const clients = this.#unconfirmed.get(key)
    if (clients?.delete(client) !== true || clients.size > 0) return false
    this.#unconfirmed.delete(key)
    return true
  }
}
