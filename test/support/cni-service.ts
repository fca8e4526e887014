// The daemon as the verbs see it, of which nothing works but what a test puts there.

import { CniError } from '../../src/cni/cni-error.ts'
import type { Service } from '../../src/cni/service.ts'
import { systemClock } from '../../src/host/system-clock.ts'
import { noChronicle } from '../../src/telemetry/no-chronicle.ts'

export function cniService(more: Partial<Service>): Service {
  return {
    allocator: { why: 'it is none of this test' },
    coordinator: { why: 'it is none of this test' },
    parentMaker: { why: 'it is none of this test' },
    clock: systemClock,
    chronicle: noChronicle,
    probe: {
      see: () => ({ type: 'Namespace', id: '4:1', witness: { path: '/run/netns', id: '1:1' } }),
      census: () => Promise.resolve({ namespaces: [], isComplete: false }),
      sight: () => Promise.resolve([])
    },
    parents: { ofDevice: () => ({ unknown: 'x' }), named: () => ({ unknown: 'x' }) },
    boot: 'boot-1',
    node: 'n1',
    ...more
  }
}

/** What an answer was refused with; of one that was not, code 0 and its text. */
export async function refusal(answer: Promise<string>): Promise<{ code: number; message: string }> {
  try {
    return { code: 0, message: await answer }
  } catch (error) {
    if (error instanceof CniError) return { code: error.code, message: error.message }
    throw error
  }
}
