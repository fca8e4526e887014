// The subcommands that ask the running daemon, or tell it what to do: each a request to the admin socket.

import { createInterface } from 'node:readline/promises'
import { callAdmin, type AdminRequest } from './admin/admin-client.ts'
import type { PeersView, RegistryView } from './admin/cluster-views.ts'
import type { DomainView } from './admin/custody-view.ts'
import type { DrainView } from './admin/drain.ts'
import { registryText } from './admin/records-text.ts'
import { vouchingNeeded } from './admin/removal.ts'
import type { StatusView } from './admin/reports.ts'
import { blocksText, drainText, peersText, statusText } from './admin/texts.ts'

export interface Orders {
  readonly adminSocket: string
  /** As many as the verb takes. */
  readonly operands: readonly string[]
  readonly json: boolean
  readonly vouchedBy?: string | undefined
  readonly heir?: string | undefined
}

/** What to print, where, and the exit status. */
export interface Outcome {
  readonly status: 0 | 1 | 2
  readonly to: 'stdout' | 'stderr'
  readonly text: string
}

interface Verb {
  readonly request: (orders: Orders) => AdminRequest
  readonly text: (body: never) => string
}

interface Removed {
  readonly removed: { readonly node: string; readonly incarnation: string }
  readonly heir: string
  readonly record: number
}

interface Resolved {
  readonly address: string
  readonly owner: string
  readonly record: number
}

const verbs = {
  status: { request: get('/v1/status'), text: (body: StatusView) => statusText(body) },
  blocks: {
    request: get('/v1/blocks'),
    text: (body: { domains: readonly DomainView[] }) => blocksText(body)
  },
  peers: { request: get('/v1/peers'), text: (body: PeersView) => peersText(body) },
  registry: { request: get('/v1/registry'), text: (body: RegistryView) => registryText(body) },
  drain: {
    request: () => ({ method: 'POST', path: '/v1/drain' }),
    text: (body: DrainView) => drainText(body)
  },
  undrain: {
    request: () => ({ method: 'POST', path: '/v1/undrain' }),
    text: () => 'this node is not being drained any more\n'
  },
  remove: {
    request: ({ operands: [node = ''], vouchedBy, heir }) => ({
      method: 'POST',
      path: '/v1/remove',
      body: {
        node,
        ...(vouchedBy !== undefined && { vouchedBy }),
        ...(heir !== undefined && { heir })
      }
    }),
    text: ({ removed, heir, record }: Removed) =>
      `removed ${removed.node} (${removed.incarnation}) by record ${record}; ${heir} takes over its addresses ` +
      'when every other member has answered (orbweaverd blocks there shows whom it waits for)\n'
  },
  resolve: {
    request: ({ operands: [address = '', owner = ''] }) => ({
      method: 'POST',
      path: '/v1/resolve',
      body: { address, owner }
    }),
    text: ({ address, owner, record }: Resolved) =>
      `${address} belongs to ${owner} by record ${record}\n`
  },
  transfer: {
    request: ({ operands: [address = ''] }) => ({
      method: 'POST',
      path: '/v1/transfer',
      body: { address }
    }),
    text: ({ address, outcome }: { readonly address: string; readonly outcome: string }) =>
      `${address} ${outcome === 'here' ? 'was here already' : 'is here now'}\n`
  }
} as const satisfies Record<string, Verb>

export type VerbName = keyof typeof verbs

function get(path: string): () => AdminRequest {
  return () => ({ method: 'GET', path })
}

export async function operate(name: VerbName, orders: Orders): Promise<Outcome> {
  let { vouchedBy } = orders
  if (name === 'remove' && vouchedBy === undefined) {
    vouchedBy = process.stdin.isTTY ? await askForVoucher(orders.operands[0] ?? '') : ''
    if (vouchedBy === '')
      return { status: 2, to: 'stderr', text: `orbweaverd: ${vouchingNeeded}\n` }
  }
  const verb: Verb = verbs[name]
  const reply = await callAdmin(orders.adminSocket, verb.request({ ...orders, vouchedBy }))
  if ('problem' in reply) return failed(reply.problem)
  const body = bodyOf(reply.text)
  if (body === undefined) return failed(`the daemon answers ${reply.status} and no JSON`)
  if (orders.json) {
    return { status: reply.status === 200 ? 0 : 1, to: 'stdout', text: reply.text }
  }
  if (reply.status !== 200) return failed((body as { error?: string }).error ?? reply.text)
  return { status: 0, to: 'stdout', text: verb.text(body as never) }
}

async function askForVoucher(node: string): Promise<string> {
  const { stdin: input, stderr: output } = process
  const terminal = createInterface({ input, output })
  // The end of the input is no answer.
  const closed = new Promise<string>(resolve => terminal.once('close', () => resolve('')))
  const question = `${node}: ${vouchingNeeded}\nWho vouches that the machine of ${node} is off? `
  try {
    return (await Promise.race([terminal.question(question), closed])).trim()
  } finally {
    terminal.close()
  }
}

function failed(problem: string): Outcome {
  return { status: 1, to: 'stderr', text: `orbweaverd: ${problem}\n` }
}

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
