// What the other nodes say of themselves, asked through the mesh: whom they hear, whether they serve, whether they are
// being drained.

import { signal } from '@preact/signals'
import type { PeersView, StatusView } from '../answers.ts'
import { peers } from '../node-state.ts'
import { linkOf } from './groups.ts'

/** Each look costs the other node some milliseconds. */
const pollMs = 4_000
/** In one round; in a larger cluster the others come next. */
const askedMax = 8

export interface Saying {
  readonly hears: ReadonlySet<string>
  readonly draining: boolean
  /** Why it hands out nothing; undefined while it serves. */
  readonly why: string | undefined
}

/** Of those that answered last time they were asked. */
export const sayings = signal<ReadonlyMap<string, Saying>>(new Map())

let turn = 0

export function followHearsay(): void {
  const round = async () => {
    if (!document.hidden) await askOthers()
    setTimeout(() => void round(), pollMs)
  }
  void round()
}

export async function askOthers(): Promise<void> {
  const heard = (peers.peek()?.peers ?? [])
    .filter(peer => linkOf(peer) === 'up')
    .map(({ node }) => node)
  const asked = Array.from({ length: Math.min(askedMax, heard.length) }, (_, i) => {
    return heard[(turn + i) % heard.length] ?? ''
  })
  turn += asked.length
  const answers = await Promise.all(asked.map(async node => [node, await sayingOf(node)] as const))
  const next = new Map([...sayings.peek()].filter(([node]) => heard.includes(node)))
  for (const [node, saying] of answers) {
    if (saying === undefined) next.delete(node)
    else next.set(node, saying)
  }
  sayings.value = next
}

async function sayingOf(node: string): Promise<Saying | undefined> {
  const [heard, status] = await Promise.all([
    look<PeersView>(node, '/v1/peers'),
    look<StatusView>(node, '/v1/status')
  ])
  if (heard === undefined || status === undefined) return undefined
  const hears = heard.peers.filter(peer => linkOf(peer) === 'up').map(peer => peer.node)
  return {
    hears: new Set(hears),
    draining: status.draining === true,
    why: status.serving ? undefined : status.why
  }
}

/** Undefined when it gives no answer. */
async function look<T>(node: string, path: string): Promise<T | undefined> {
  try {
    const answer = await fetch('/v1/elsewhere', {
      method: 'POST',
      body: JSON.stringify({ node, path }),
      signal: AbortSignal.timeout(pollMs)
    })
    return answer.ok ? ((await answer.json()) as T) : undefined
  } catch {
    return undefined
  }
}
