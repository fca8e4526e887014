// How long it takes to get an address from another node: two real daemons over libp2p on loopback. One asks for
// addresses that the other holds, and the same is done at the holder itself; the difference is what the way
// there costs: the question, the donor's commit, the grant, the receiver's commit.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Daemon } from '../../../test/support/daemon.ts'
import { breathe } from '../command.ts'
import { nextContainerId } from '../container-ids.ts'
import { type Figure, figure } from '../figures.ts'
import type { Group, Run } from '../group.ts'
import { KeptConnection } from '../kept-connection.ts'
import { netconf, widePool } from '../node-daemon.ts'
import { podArgs } from '../request-frame.ts'
import { median, percentile } from '../statistics.ts'
import { seats, sitDown } from './neighbours.ts'

const grantMsMax = 5

const warmUps = 100
const joinTimeoutMs = 30_000

export const grants: Group = async run => {
  const [first, second] = await seats(run.stage, 2)
  if (first === undefined || second === undefined) return []
  await using holder = await sitDown(run.stage, first)
  await using asker = await sitDown(run.stage, second)
  await untilServed(run, asker)
  const times = { away: [] as number[], home: [] as number[] }
  const samples = run.quick ? 200 : 1_000
  for (let i = 0; i < warmUps + samples; i++) {
    const away = timeExact(run, asker, 2 * i)
    const home = timeExact(run, holder, 2 * i + 1)
    if (i < warmUps) continue
    times.away.push(away / 1_000)
    times.home.push(home / 1_000)
    await breathe()
  }
  return figuresOf(times)
}

/** Until it has joined: before that it refuses. */
async function untilServed(run: Run, asker: Daemon): Promise<void> {
  const end = performance.now() + joinTimeoutMs
  for (;;) {
    try {
      timeExact(run, asker, -1)
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(200)
    }
  }
}

/** An ADD of this very address, in microseconds. They lie far from where blocks are handed out. */
function timeExact({ stage }: Run, daemon: Daemon, number: number): number {
  const at = number + 1
  const address = `10.200.${(at >> 7) & 255}.${2 * (at & 127)}`
  const args = `${podArgs};IP=${address}`
  const conf = netconf(daemon, widePool)
  using connection = new KeptConnection(daemon.socket, stage.netns, conf, args)
  return connection.time('ADD', nextContainerId())
}

function figuresOf({ away, home }: { away: readonly number[]; home: readonly number[] }): Figure[] {
  const roundTrip = median(away) - median(home)
  return [
    figure('ADD of an address that is here p50', median(home), 'ms'),
    figure('ADD of an address that another node holds p50', median(away), 'ms'),
    figure('ADD of an address that another node holds p99', percentile(away, 0.99), 'ms'),
    figure('grant there and back with both commits p50', roundTrip, 'ms', { below: grantMsMax })
  ]
}
