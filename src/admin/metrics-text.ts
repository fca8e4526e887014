// GET /metrics: for Prometheus. Who takes OpenMetrics gets that.

import type { AdminService } from './admin-service.ts'
import type { Answer } from './answer.ts'

export async function exposeMetrics(
  { metrics }: AdminService,
  _query: URLSearchParams,
  _path: string,
  accept: string
): Promise<Answer> {
  return { status: 200, text: await metrics.expose(accept) }
}
