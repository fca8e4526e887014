// A kernel whose threads are hired with the first order. From then on an order is on its way when the call returns, so
// whoever has given it can go on beside it.

import type { Kernel } from './kernel.ts'
import type { ThreadKernelOptions } from './thread-kernel.ts'

export function createLateKernel(options: ThreadKernelOptions): Kernel {
  let loading: Promise<Kernel> | undefined
  let loaded: Kernel | undefined
  const load = async () => {
    const { createThreadKernel } = await import('./thread-kernel.ts')
    return (loaded = createThreadKernel(options))
  }
  const withKernel = <Value>(act: (kernel: Kernel) => Promise<Value>): Promise<Value> =>
    loaded === undefined ? (loading ??= load()).then(act) : act(loaded)
  return {
    observe: question => withKernel(kernel => kernel.observe(question)),
    carryOut: order => withKernel(kernel => kernel.carryOut(order)),
    close: async () => {
      await (await loading)?.close()
    }
  }
}
