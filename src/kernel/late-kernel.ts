// A kernel whose threads are hired with the first order.

import type { Kernel } from './kernel.ts'
import type { ThreadKernelOptions } from './thread-kernel.ts'

export function createLateKernel(options: ThreadKernelOptions): Kernel {
  let loading: Promise<Kernel> | undefined
  const load = async () => {
    try {
      return (await import('./thread-kernel.ts')).createThreadKernel(options)
    } catch (error) {
      loading = undefined
      throw error
    }
  }
  const get = () => (loading ??= load())
  return {
    observe: async question => (await get()).observe(question),
    carryOut: async order => (await get()).carryOut(order),
    close: async () => {
      await (await loading)?.close()
    }
  }
}
