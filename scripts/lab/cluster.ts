// Several nodes on one machine: furnished with configurations that know of one another, and the key they share.

import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { run } from './command.ts'
import type { Network } from './network.ts'
import { makeNodePlace, type NodePlace } from './node-place.ts'
import { meshPort, nodeAddress } from './pools.ts'
import { daemonMain } from './programs.ts'

export function nodeName(number: number): string {
  return `n${number}`
}

/** With a network each node has a namespace and an address of its own, else a port of this machine's loopback. */
export async function makeCluster(
  dir: string,
  count: number,
  network: Network | undefined
): Promise<readonly NodePlace[]> {
  const keyFile = join(dir, 'cluster.key')
  mkdirSync(dir, { recursive: true })
  await run(process.execPath, [daemonMain, 'cluster-key', keyFile])
  await network?.makeSwitch()
  const numbers = Array.from({ length: count }, (_, i) => i + 1)
  for (const number of numbers) await network?.makeNode(nodeName(number), number)
  const addresses =
    network === undefined
      ? (await freePorts(count)).map(port => `/ip4/127.0.0.1/tcp/${port}`)
      : numbers.map(number => `/ip4/${nodeAddress(number)}/tcp/${meshPort}`)
  const [first] = addresses
  return addresses.map((listen, i) => {
    const peers = i === 0 || first === undefined ? [] : [first]
    return makeNodePlace(dir, nodeName(i + 1), { listen, peers, keyFile })
  })
}

/** Ports that nobody listens on at this moment, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = servers.map(async server => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve)
    })
    const at = server.address()
    return at !== null && typeof at === 'object' ? at.port : 0
  })
  const found = await Promise.all(ports)
  for (const server of servers) server.close()
  return found
}
