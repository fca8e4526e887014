// What a node says on its admin socket, as far as scripts show it.

import { request } from 'node:http'

const answerWithinMs = 20_000

export interface Block {
  readonly first: string
  readonly last: string
  readonly count: number | string
  /** `seq.fence`, which rises whenever the addresses change hands. */
  readonly key: string
  readonly owner: string
  readonly mine: boolean
}

export interface Domain {
  readonly domain: string
  readonly serving: boolean
  readonly why?: string
  readonly blocks: readonly Block[]
  readonly contested: readonly unknown[]
  readonly openGrants: number
}

export interface Peer {
  readonly node: string
  readonly connected: boolean
  readonly session: boolean
  readonly silentSeconds?: number
}

export interface Attachment {
  readonly containerId: string
  readonly addresses: readonly { readonly address: string; readonly pool: string }[]
}

export class Admin {
  readonly #socket: string

  constructor(socket: string) {
    this.#socket = socket
  }

  async domains(): Promise<readonly Domain[]> {
    return ((await this.#get('/v1/blocks')) as { domains: Domain[] }).domains
  }

  async peers(): Promise<readonly Peer[]> {
    return ((await this.#get('/v1/peers')) as { peers: Peer[] }).peers
  }

  async registryHash(): Promise<string> {
    return ((await this.#get('/v1/registry')) as { hash: string }).hash
  }

  async attachments(): Promise<readonly Attachment[]> {
    return ((await this.#get('/v1/attachments')) as { attachments: Attachment[] }).attachments
  }

  #get(path: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = { socketPath: this.#socket, path, timeout: answerWithinMs }
      const asked = request(options, answer => {
        let body = ''
        answer.setEncoding('utf8').on('data', (text: string) => (body += text))
        answer.on('error', reject)
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(JSON.parse(body))
          else reject(new Error(`the daemon answered GET ${path} with ${body.trim()}`))
        })
      })
      asked.on('timeout', () => asked.destroy(new Error(`the daemon does not answer GET ${path}`)))
      asked.on('error', reject)
      asked.end()
    })
  }
}
