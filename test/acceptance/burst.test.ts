// A thousand pods at once on one node: all of them served, made anew, and gone again.

import t from 'tap'
import { percentile } from '../../scripts/bench/statistics.ts'
import { queueOf, runBurst } from '../support/cluster-burst.ts'
import { poolObject } from './kube.ts'
import { anyPod } from './kubelet.ts'
import { Stage } from './stage.ts'

const count = 1_000
/** How many plugins a runtime executes at a time. */
const atOnce = 16

const ips = ['10.70.0.1-10.70.3.232']
const stage = await Stage.open(t, { pools: [poolObject('exact', { subnet: '10.70.0.0/22', ips })] })
const kubelet = stage.using(['exact'])
const pods = (name: string) => queueOf(name, stage.dir, kubelet.netconf(), count)

t.test(
  'P00002 #1375 #1318 #979 cni-plugins#170 cni-plugins#171: as many pods as addresses, created, rebuilt and deleted in bursts',
  async t => {
    t.equal((await stage.usage('exact')).total, count)
    const [first, second] = [pods('first'), pods('second')]
    const burst = (verb: 'ADD' | 'DEL', queue: typeof first) => {
      const { netns } = kubelet
      const { ms, times, addresses, failures } = runBurst({ verb, queues: [queue], atOnce, netns })
      t.same(failures, [], `${verb} of ${queue.name}`)
      const waits = times.get(queue.name) ?? []
      const [half, tail] = [percentile(waits, 0.5), percentile(waits, 0.99)]
      t.comment(
        `${verb} of ${count} at ${atOnce} in parallel: ${(ms / 1_000).toFixed(1)} s, ` +
          `half in ${half.toFixed(1)} ms, 99 of 100 in ${tail.toFixed(1)} ms`
      )
      return new Set(addresses).size
    }
    t.equal(burst('ADD', first), count, 'each has an address of its own')
    burst('DEL', first)
    t.equal(burst('ADD', second), count, 'so when all are made anew')
    t.match(await kubelet.refuse(anyPod()), { code: 110 }, 'none is left and none was lost')
    burst('DEL', second)
    t.same(await stage.allocated(), [])
  }
)
