// What the width of a pool costs: nothing, since no address is ever looked at that is not asked for.

import type { Pool } from '../../test/support/ipam.ts'
import { breathe } from './command.ts'
import { nextContainerId } from './container-ids.ts'
import { orbweaver, timePair } from './contestants.ts'
import { type Figure, figure } from './figures.ts'
import type { Group, Run } from './group.ts'
import { KeptConnection } from './kept-connection.ts'
import { netconf, startNode } from './node-daemon.ts'
import { OutputPipe } from './output-pipe.ts'
import { median } from './statistics.ts'

const pools: readonly Pool[] = [
  { name: 'p8', subnet: '10.0.0.0/8', ips: ['10.0.0.10-10.255.255.250'] },
  { name: 'p64', subnet: 'fd00:1::/64', ips: ['fd00:1::10-fd00:1::ffff:ffff:ffff:fff0'] },
  { name: 'p24', subnet: '192.168.7.0/24', ips: ['192.168.7.5-192.168.7.250'] }
]

const warmUpPool: Pool = {
  name: 'warm',
  subnet: '172.16.0.0/12',
  ips: ['172.16.0.10-172.31.255.250']
}

/** So many fit into the /24 without waiting for an address to cool down. */
const addsPerDaemon = 200
const warmUps = 2_000
const ratioMax = 1.2

type Times = ReadonlyMap<Pool, number[]>

export const width: Group = async run => {
  const inside: Times = new Map(pools.map(pool => [pool, []]))
  const executed: Times = new Map(pools.map(pool => [pool, []]))
  const daemons = run.quick ? 1 : 6
  for (let i = 0; i < daemons; i++) {
    await measure(run, insideRounds(run), inside)
    await measure(run, execRounds(run), executed)
  }
  return [
    ...figuresOf('ADD inside the daemon', inside),
    ...figuresOf('ADD from exec to exit', executed)
  ]
}

type Timed = (pool: Pool) => number
type Rounds = (daemon: Awaited<ReturnType<typeof startNode>>, use: DisposableStack) => Timed

async function measure(run: Run, rounds: Rounds, times: Times): Promise<void> {
  await using daemon = await startNode(run.stage, { pools: [...pools, warmUpPool] })
  using stack = new DisposableStack()
  const add = rounds(daemon, stack)
  const warm = stack.use(connection(run, daemon, warmUpPool))
  for (let i = 0; i < warmUps; i++) warm.time('ADD', nextContainerId())
  for (let i = 0; i < addsPerDaemon; i++) {
    for (const pool of pools) times.get(pool)?.push(add(pool))
    await breathe()
  }
}

function connection(run: Run, daemon: { socket: string; queue: string }, pool: Pool) {
  return new KeptConnection(daemon.socket, run.stage.netns, netconf(daemon, pool))
}

function insideRounds(run: Run): Rounds {
  return (daemon, use) => {
    const connections = new Map(
      pools.map(pool => [pool, use.use(connection(run, daemon, pool))] as const)
    )
    return pool => connections.get(pool)?.time('ADD', nextContainerId()) ?? 0
  }
}

function execRounds(run: Run): Rounds {
  return (daemon, use) => {
    const output = use.use(new OutputPipe())
    const arena = { stage: run.stage, output }
    const contestants = new Map(pools.map(pool => [pool, orbweaver(arena, daemon, pool)] as const))
    return pool => {
      const contestant = contestants.get(pool)
      return contestant === undefined ? 0 : timePair(contestant, output).addUs
    }
  }
}

function figuresOf(what: string, times: Times): Figure[] {
  const medians = [...times].map(([pool, values]) => ({ pool, p50: median(values) }))
  const all = medians.map(({ p50 }) => p50)
  const ratio = Math.max(...all) / Math.min(...all)
  return [
    ...medians.map(({ pool, p50 }) => figure(`${what} p50, pool ${pool.subnet}`, p50, 'µs')),
    figure(`${what} p50, widest apart`, ratio, 'ratio', { atMost: ratioMax })
  ]
}
