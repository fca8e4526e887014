// The daemon as the verbs see it, of which nothing works but what a test puts there.

import { CniError } from '../../src/cni/cni-error.ts'
import type { ChainedService, Service, Surroundings } from '../../src/cni/service.ts'
import { systemClock } from '../../src/host/system-clock.ts'
import { noChronicle } from '../../src/telemetry/no-chronicle.ts'
import { MemoryCoordinator } from './memory-coordinator.ts'

const surroundings: Surroundings = {
  clock: systemClock,
  chronicle: noChronicle,
  probe: {
    see: () => ({ type: 'Namespace', id: '4:1', witness: { path: '/run/netns', id: '1:1' } }),
    census: () => Promise.resolve({ namespaces: [], isComplete: false }),
    sight: () => Promise.resolve([])
  },
  boot: 'boot-1',
  node: 'n1'
}

export function cniService(more: Partial<Service>): Service {
  return {
    ...surroundings,
    allocator: { why: 'it is none of this test' },
    parents: { ofDevice: () => ({ unknown: 'x' }), named: () => ({ unknown: 'x' }) },
    ...more
  }
}

export function chainedService(more: Partial<ChainedService>): ChainedService {
  const nobody = () => Promise.reject(new Error('it is none of this test'))
  return {
    ...surroundings,
    coordinator: new MemoryCoordinator(),
    parentMaker: { make: nobody, examine: nobody },
    collect: nobody,
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
