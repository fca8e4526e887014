// What operators ask of a node: HTTP with JSON over its admin socket.

import { request } from 'node:http'
import { parseAddress } from '../../src/core/address.ts'
import type { Daemon } from './daemon.ts'

/** Whom to ask; the name is for errors. */
type Asked = Pick<Daemon, 'adminSocket'> & { readonly name?: string }

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface ShownBlocks {
  readonly domains: readonly {
    readonly domain: string
    readonly serving: boolean
    readonly why?: string
    readonly openGrants: number
    readonly waitsFor: readonly string[]
    readonly blocks: readonly {
      readonly first: string
      readonly last: string
      readonly mine: boolean
    }[]
  }[]
}

export interface ShownPeers {
  /** This node's own running number. */
  readonly index?: number
  readonly peers: readonly {
    readonly node: string
    readonly connected: boolean
    readonly session: boolean
  }[]
}

const timeoutMs = 30_000

/** GET, or POST when there is a body; whatever the status is. */
export function askAdmin(node: Asked, path: string, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath: node.adminSocket,
        path,
        timeout: timeoutMs,
        method: body === undefined ? 'GET' : 'POST',
        headers: body === undefined ? {} : { 'content-type': 'application/json' }
      },
      answer => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => (text += chunk))
        answer.on('error', reject)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) }))
      }
    )
    asked.on('timeout', () =>
      asked.destroy(new Error(`${node.name ?? 'a node'} ${path}: no answer`))
    )
    asked.on('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

export async function blocksOf(node: Asked): Promise<ShownBlocks> {
  return (await get(node, '/v1/blocks')) as ShownBlocks
}

/** Whether all of these addresses are this node's, as it says. */
export async function ownsAll(node: Asked, addresses: readonly string[]): Promise<boolean> {
  const { domains } = await blocksOf(node)
  const mine = domains.flatMap(({ blocks }) => blocks.filter(block => block.mine))
  const at = (text: string) => parseAddress(text) ?? -1n
  return addresses.every(address =>
    mine.some(({ first, last }) => at(first) <= at(address) && at(address) <= at(last))
  )
}

export async function peersOf(node: Asked): Promise<ShownPeers> {
  return (await get(node, '/v1/peers')) as ShownPeers
}

async function get(node: Asked, path: string): Promise<unknown> {
  const { status, body } = await askAdmin(node, path)
  if (status !== 200)
    throw new Error(`${node.name ?? 'a node'} GET ${path}: ${status} ${JSON.stringify(body)}`)
  return body
}
