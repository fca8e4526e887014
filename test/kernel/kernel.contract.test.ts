// The kernel itself, asked by its thread, keeps what is promised of it.

import t from 'tap'
import { moveTo, openHome } from '../../src/kernel/namespace.ts'
import { createNearKernel } from '../../src/kernel/near-kernel.ts'
import { createThreadKernel } from '../../src/kernel/thread-kernel.ts'
import { kernelContract } from '../contracts/kernel.contract.ts'
import { keptLog } from '../support/link-lan.ts'
import { Netns } from '../support/netns.ts'
import { requireRoot } from '../support/privilege.ts'

const kernels = { 'by threads of its own': createThreadKernel, 'by this thread': createNearKernel }
for (const [how, create] of Object.entries(kernels)) {
  t.test(`in namespaces, ${how}`, async t => {
    if (!requireRoot(t, 'what the kernel is told')) return
    await using host = await Netns.make()
    await using pod = await Netns.make()
    await host.connect('uplink', pod, 'eth0')
    const here = openHome()
    const kernel = create({ log: keptLog(), home: host.path })
    await kernelContract(t, { kernel, netns: pod.path, nowhere: `${pod.path}-none` })
    moveTo(here)
  })
}
