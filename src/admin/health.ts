// GET /healthz: this process lives. GET /readyz: pods get addresses from this node, or why not. What to make of them is
// in docs/operating.md.

import { AskError } from '../actors/runtime/ask.ts'
import type { CustodyDescribed } from '../actors/messages/subnet.ts'
import { type AdminService, describeCustodies } from './admin-service.ts'
import { type Answer, shown } from './answer.ts'

export interface ReadyView {
  readonly ready: boolean
  /** What stands in the way, one sentence each. */
  readonly why: readonly string[]
  /** Of a node that is ready: subnets of which it hands out nothing now. */
  readonly notServing: readonly { readonly domain: string; readonly why: string }[]
}

/** That it is answered is the proof: one thread does everything, and it came around to this. */
export async function reportHealth({ release }: AdminService): Promise<Answer> {
  return shown({ alive: true, release })
}

export async function reportReady(service: AdminService): Promise<Answer> {
  const view = await readiness(service)
  return { status: view.ready ? 200 : 503, body: view }
}

async function readiness(service: AdminService): Promise<ReadyView> {
  const { house, isDiskRefusing } = service
  if ('why' in house) return { ready: false, why: [house.why], notServing: [] }
  const why = isDiskRefusing() ? ['the disk refuses what is decided'] : []
  let custodies: readonly CustodyDescribed[]
  try {
    custodies = await describeCustodies({ ...service, house })
  } catch (error) {
    if (!(error instanceof AskError)) throw error
    return { ready: false, why: [...why, error.message], notServing: [] }
  }
  const notServing = custodies.flatMap(({ domain, notServing: reason }) =>
    reason === undefined ? [] : [{ domain, why: reason }]
  )
  if (custodies.length === 0) why.push('there is no pool')
  else if (notServing.length === custodies.length) {
    why.push(...notServing.map(one => `${one.domain}: ${one.why}`))
  }
  return { ready: why.length === 0, why, notServing }
}
