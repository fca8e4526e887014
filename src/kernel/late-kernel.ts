// A kernel whose threads are hired with the first order, and end when nobody has had one for a while: each takes some 10 MB.

import type { Kernel } from './kernel.ts'
import type { ThreadKernelOptions } from './thread-kernel.ts'

export interface LateKernelOptions extends ThreadKernelOptions {
  /** Longer than the pause between two pods that are deleted one after the other. */
  readonly idleMs?: number
}

export function createLateKernel({ idleMs = 5_000, ...options }: LateKernelOptions): Kernel {
  let loaded: Promise<Kernel> | undefined
  let orders = 0
  let idle: NodeJS.Timeout | undefined
  const load = async () => (await import('./thread-kernel.ts')).createThreadKernel(options)
  const end = async () => {
    clearTimeout(idle)
    const ending = loaded
    loaded = undefined
    await (await ending)?.close()
  }
  const withKernel = async <Value>(act: (kernel: Kernel) => Promise<Value>): Promise<Value> => {
    clearTimeout(idle)
    orders += 1
    try {
      return await act(await (loaded ??= load()))
    } finally {
      orders -= 1
      if (orders === 0) idle = setTimeout(() => void end(), idleMs).unref()
    }
  }
  return {
    observe: question => withKernel(kernel => kernel.observe(question)),
    carryOut: order => withKernel(kernel => kernel.carryOut(order)),
    close: end
  }
}
