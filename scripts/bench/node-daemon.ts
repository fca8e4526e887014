// The daemon under test: what was built, on default settings, with its paths in a directory of the run.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Daemon, type DaemonOptions, startDaemon } from '../../test/support/daemon.ts'
import { poolsYaml, type Pool } from '../../test/support/ipam.ts'
import { daemonMain } from './build.ts'
import { Crowd } from './crowd.ts'
import type { Stage } from './stage.ts'

/** A pool that no group can use up. */
export const widePool: Pool = {
  name: 'wide',
  subnet: '10.0.0.0/8',
  ips: ['10.0.0.10-10.255.255.250']
}

const fillAtOnce = 16

export interface NodeOptions {
  readonly pools?: readonly Pool[]
  readonly config?: DaemonOptions['config']
  /** The directory of an earlier one, to go on with its state. */
  readonly dir?: string
}

export async function startNode(stage: Stage, options: NodeOptions = {}): Promise<Daemon> {
  const { pools = [widePool], config = {}, dir = stage.directory('node') } = options
  const daemon = await startDaemon({ dir, pools: poolsYaml(pools), config, main: daemonMain })
  stage.onEnd(() => daemon.process.kill('SIGKILL'))
  return daemon
}

/** ADDs that stay, from many clients at once as after a node has booted. */
export function takeAddresses(stage: Stage, daemon: Daemon, count: number): void {
  using crowd = new Crowd(daemon, fillAtOnce, stage.netns, netconf(daemon, widePool))
  crowd.add(count)
}

/** Resident memory in MB. */
export function residentMb(daemon: Daemon): number {
  const status = readFileSync(`/proc/${daemon.process.pid}/status`, 'utf8')
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  if (kb === undefined) throw new Error(`the daemon has ended:\n${daemon.log()}`)
  return Number(kb) / 1024
}

/** The network configuration as a runtime gives it, with the `ipam` section for this daemon. */
export function netconf(daemon: Pick<Daemon, 'socket' | 'queue'>, pool: Pool) {
  const family = pool.subnet.includes(':') ? 'default_ipv6_ippool' : 'default_ipv4_ippool'
  const { socket, queue } = daemon
  return macvlanConf({ type: 'orbweaver', socket, queue, [family]: [pool.name] })
}

export function macvlanConf(ipam: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'bench',
    type: 'macvlan',
    master: 'eth0',
    mode: 'bridge',
    ipam
  })
}

/** The files that grow with what the daemon stores. */
export function storeFiles({ dir }: Daemon): { readonly database: string; readonly wal: string } {
  const database = join(dir, 'state', 'orbweaver.db')
  return { database, wal: `${database}-wal` }
}
