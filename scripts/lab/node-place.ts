// One node on a machine with several: everything it writes is in a directory of its own, where other
// processes find it again, and its configuration says so.

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { cooldownSeconds, pools } from './pools.ts'

export interface NodePlace {
  readonly name: string
  readonly config: string
  readonly socket: string
  readonly adminSocket: string
  readonly queue: string
  readonly log: string
}

export interface NodeWishes {
  /** Multiaddress. */
  readonly listen: string
  /** Multiaddresses of other nodes; none: this one founds the cluster. */
  readonly peers: readonly string[]
  /** Where the key that all share is. */
  readonly keyFile: string
}

export function nodePlace(lab: string, name: string): NodePlace {
  const dir = join(lab, name)
  return {
    name,
    config: join(dir, 'config.yaml'),
    socket: join(dir, 'cni.sock'),
    adminSocket: join(dir, 'admin.sock'),
    queue: join(dir, 'queue'),
    log: join(dir, 'daemon.log')
  }
}

/** Furnish the place: configuration, pools, and what tells this node's machine from the others'. */
export function makeNodePlace(lab: string, name: string, wishes: NodeWishes): NodePlace {
  const dir = join(lab, name)
  const place = nodePlace(lab, name)
  const poolDir = join(dir, 'pools.d')
  mkdirSync(poolDir, { recursive: true })
  writeFileSync(join(poolDir, 'pools.yaml'), pools)
  const machineIdFile = join(dir, 'machine-id')
  writeFileSync(machineIdFile, `${randomBytes(16).toString('hex')}\n`)
  const { listen, peers, keyFile } = wishes
  const config = {
    nodeName: name,
    stateDir: join(dir, 'state'),
    socket: place.socket,
    adminSocket: place.adminSocket,
    queueDir: place.queue,
    poolDirs: [poolDir],
    machineIdFile,
    // The nodes of a lab share a machine: none may take the others' pods for its own.
    namespaceDirs: [join(dir, 'netns')],
    resultCacheDir: join(dir, 'cni'),
    cooldown: { seconds: cooldownSeconds, scarceSeconds: 0 },
    mesh: { listen: [listen], peers: [...peers], keyFile, registrar: peers.length === 0 }
  }
  writeFileSync(place.config, stringify(config))
  return place
}

/** Its last lines for a person. */
export function lastLogLines({ log }: NodePlace, count: number): readonly string[] {
  if (!existsSync(log)) return []
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-count).map(readable)
}

/** One line of the log; what is no log entry, like a crash, stays as it is. */
function readable(line: string): string {
  try {
    const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>
    const details = Object.entries(rest)
      .filter(([key]) => key !== 'node')
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    return [String(time).slice(11, 23), level, msg, ...details].join(' ')
  } catch {
    return line
  }
}
