// What every command has in its hands: the node it speaks to, and where its words go.

import { type AdminRequest, callAdmin } from '../admin/admin-client.ts'
import { isObject, type Json } from '../core/fields.ts'
import { CommandFailure, exitStatus } from './exit-status.ts'

/** Where a command writes, and what it reads from; tests put their own in the place of the process. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Somebody looks at what is written, and can answer. */
  readonly isInteractive: boolean
  readonly columns: number
}

export interface GlobalOptions {
  readonly socket?: string
  readonly config?: string
  readonly node?: string
}

/** What the composition root knows and this room does not. */
export interface Surroundings {
  readonly program: string
  readonly release: string
  readonly terminal: Terminal
  /** The admin socket, by the options, the environment and the configuration, in this order. */
  readonly socketOf: (options: GlobalOptions) => Promise<string>
  /** The paths that a daemon with this configuration uses. Rejects when it cannot be read. */
  readonly placesOf: (options: GlobalOptions) => Promise<Places>
}

export interface Places {
  /** Undefined: built-in defaults, since there is no file. */
  readonly configFile: string | undefined
  readonly nodeName: string
  readonly stateDir: string
  readonly socket: string
  readonly adminSocket: string
  readonly queueDir: string
  readonly poolDirs: readonly string[]
  readonly keyFile: string | undefined
  /** The configuration as it is in force, for a bundle: it names files and holds no secret. */
  readonly settings: Json
}

export class Orb {
  readonly surroundings: Surroundings
  readonly options: GlobalOptions

  constructor(surroundings: Surroundings, options: GlobalOptions) {
    this.surroundings = surroundings
    this.options = options
  }

  get terminal(): Terminal {
    return this.surroundings.terminal
  }

  /** What the node shows; throws CommandFailure with its sentence where it shows nothing. */
  async look<Body>(
    path: string,
    query: Readonly<Record<string, string | undefined>> = {}
  ): Promise<Body> {
    const given = Object.entries(query).filter(
      (one): one is [string, string] => one[1] !== undefined
    )
    const search = new URLSearchParams(given).toString()
    return await this.ask({ method: 'GET', path: search === '' ? path : `${path}?${search}` })
  }

  /** A question that needs a body. */
  async question<Body>(path: string, body: Json): Promise<Body> {
    return await this.ask({ method: 'POST', path, body })
  }

  /** Something that changes the node; only where it stands. */
  async order<Body>(path: string, body: Json = {}): Promise<Body> {
    const { node } = this.options
    if (node !== undefined) {
      const how = `run this on ${node} itself: through the mesh nodes are looked at, and not ordered`
      throw new CommandFailure(exitStatus.misused, how)
    }
    return await this.ask({ method: 'POST', path, body })
  }

  async ask<Body>(request: AdminRequest): Promise<Body> {
    const { node } = this.options
    const { method, path, body } = request
    const elsewhere = { node, path, method, ...(body !== undefined && { body }) }
    const asked: AdminRequest =
      node === undefined ? request : { method: 'POST', path: '/v1/elsewhere', body: elsewhere }
    const reply = await callAdmin(await this.socket(), asked)
    if ('problem' in reply) throw new CommandFailure(exitStatus.unanswered, reply.problem)
    const answer = jsonOf(reply.text)
    if (!isObject(answer)) {
      const what = `the daemon answers ${reply.status} and no JSON`
      throw new CommandFailure(exitStatus.unanswered, what)
    }
    if (reply.status === 200) return answer as Body
    const { error } = answer
    throw new CommandFailure(exitStatus.refused, typeof error === 'string' ? error : reply.text)
  }

  async socket(): Promise<string> {
    return await this.surroundings.socketOf(this.options)
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
