// The kernel itself, asked by its thread, keeps what is promised of it.

import t from 'tap'
import { createThreadKernel } from '../../src/kernel/thread-kernel.ts'
import { kernelContract } from '../contracts/kernel.contract.ts'
import { keptLog } from '../support/link-lan.ts'
import { Netns } from '../support/netns.ts'
import { requireRoot } from '../support/privilege.ts'

t.test('in namespaces', async t => {
  if (!requireRoot(t, 'what the kernel is told')) return
  await using host = await Netns.make()
  await using pod = await Netns.make()
  await host.connect('uplink', pod, 'eth0')
  const kernel = createThreadKernel({ log: keptLog(), home: host.path })
  await kernelContract(t, { kernel, netns: pod.path, nowhere: `${pod.path}-none` })
})
