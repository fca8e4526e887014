// A kernel whose thread and native code are loaded with the first order: most nodes have no coordinator. From then on an
// order is on its way when the call returns, so whoever has given it can go on beside it.

import type { Log } from '../ports/log.ts'
import type { Kernel } from './kernel.ts'

export function createLateKernel(log: Log): Kernel {
  let loading: Promise<Kernel> | undefined
  let loaded: Kernel | undefined
  const load = async () => {
    const { createThreadKernel } = await import('./thread-kernel.ts')
    return (loaded = createThreadKernel({ log }))
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
