// A kernel whose thread and native code are loaded with the first order: most nodes have no coordinator.

import type { Log } from '../ports/log.ts'
import type { Kernel } from './kernel.ts'

export function createLateKernel(log: Log): Kernel {
  let loaded: Promise<Kernel> | undefined
  const load = async () => (await import('./thread-kernel.ts')).createThreadKernel({ log })
  const get = () => (loaded ??= load())
  return {
    observe: async question => (await get()).observe(question),
    carryOut: async order => (await get()).carryOut(order),
    close: async () => {
      await (await loaded)?.close()
    }
  }
}
