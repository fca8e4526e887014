// Daemons that form a cluster on this machine, over loopback.

import { createServer } from 'node:net'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { Daemon } from '../../../test/support/daemon.ts'
import { makeClusterKey } from '../../../src/mesh/cluster-key.ts'
import { startNode } from '../node-daemon.ts'
import type { Stage } from '../stage.ts'

/** What makes a daemon one of several; its first start makes the cluster. */
export interface Seat {
  readonly dir: string
  readonly config: Readonly<Record<string, unknown>>
  /** Where others reach it. */
  readonly address: string
}

/** The first one keeps the registry, and the others find it. */
export async function seats(stage: Stage, count: number): Promise<Seat[]> {
  const keyFile = join(stage.directory('key'), 'cluster.key')
  makeClusterKey(keyFile)
  const made: Seat[] = []
  for (let i = 0; i < count; i++) {
    const dir = stage.directory('node')
    const machineIdFile = join(dir, 'machine-id')
    writeFileSync(machineIdFile, `bench-machine-${i}\n`)
    const address = `/ip4/127.0.0.1/tcp/${await freePort()}`
    const mesh = {
      listen: [address],
      keyFile,
      registrar: i === 0,
      peers: made.map(peer => peer.address)
    }
    made.push({
      dir,
      address,
      config: {
        nodeName: `bench-${i}`,
        machineIdFile,
        namespaceDirs: [dir],
        resultCacheDir: dir,
        mesh
      }
    })
  }
  return made
}

export function sitDown(stage: Stage, { dir, config }: Seat): Promise<Daemon> {
  return startNode(stage, { dir, config })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}
