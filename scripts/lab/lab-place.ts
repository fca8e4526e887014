// Where a lab is: one directory, which says that it is a lab's, and namespaces whose names follow from the
// directory. Every command finds the lab again by these.

import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { join, resolve } from 'node:path'
import { nodeName } from './cluster.ts'
import { Network } from './network.ts'
import { type NodePlace, nodePlace } from './node-place.ts'

const usualDir = '/tmp/orbweaver-lab'

/** What the daemon takes. */
const socketPathBytesMax = 99

const podNamePattern = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/

/** What somebody asked for cannot be done; the message says what can. */
export class LabError extends Error {
  override readonly name = 'LabError'
}

export interface LabPod {
  readonly name: string
  readonly node: string
  readonly addresses: readonly string[]
}

export class LabPlace {
  readonly dir: string
  readonly network: Network
  /** Gets everything that nodes write. */
  readonly nodesDir: string
  readonly #mark: string
  readonly #podsDir: string

  constructor(wanted = process.env['ORBWEAVER_LAB']) {
    this.dir = resolve(wanted ?? usualDir)
    // Labs in other directories are others: their names must not meet.
    const hash = createHash('sha256').update(this.dir).digest('hex').slice(0, 8)
    this.network = new Network(this.dir === usualDir ? 'orbweaver-lab-' : `orbweaver-lab-${hash}-`)
    this.nodesDir = join(this.dir, 'nodes')
    this.#mark = join(this.dir, 'lab.json')
    this.#podsDir = join(this.dir, 'pods')
  }

  /** Also when only a part of it is left. */
  get exists(): boolean {
    return existsSync(this.#mark) || this.network.roles().length > 0
  }

  /** Take the directory. Throws LabError when it cannot be one, or has something else in it. */
  claim(count: number): void {
    const longest = nodePlace(this.nodesDir, nodeName(count)).adminSocket
    if (Buffer.byteLength(longest) > socketPathBytesMax) {
      throw new LabError(
        `${longest} is too long for the name of a socket; choose a shorter directory`
      )
    }
    // For its owner alone: the key of the cluster is in it. In /tmp somebody else may have made it.
    mkdirSync(this.dir, { recursive: true, mode: 0o700 })
    const found = lstatSync(this.dir)
    if (!found.isDirectory() || found.uid !== process.getuid?.()) {
      throw new LabError(`${this.dir} is not a directory of this user`)
    }
    if (readdirSync(this.dir).length > 0) {
      throw new LabError(`${this.dir} is not empty, and what is in it is no lab`)
    }
    writeFileSync(this.#mark, `${JSON.stringify({ nodes: count })}\n`)
    mkdirSync(this.#podsDir)
  }

  nodes(): readonly NodePlace[] {
    if (!existsSync(this.#mark)) throw new LabError('there is no lab; npm run lab brings one up')
    const { nodes } = JSON.parse(readFileSync(this.#mark, 'utf8')) as { nodes: number }
    return Array.from({ length: nodes }, (_, i) => nodePlace(this.nodesDir, nodeName(i + 1)))
  }

  node(name: string | undefined): NodePlace {
    const nodes = this.nodes()
    const found = nodes.find(node => node.name === name)
    if (found !== undefined) return found
    const names = nodes.map(node => node.name).join(', ')
    throw new LabError(`there is no node ${name ?? 'without a name'}; there are ${names}`)
  }

  pods(): readonly LabPod[] {
    if (!existsSync(this.#podsDir)) return []
    return readdirSync(this.#podsDir)
      .toSorted()
      .map(file => JSON.parse(readFileSync(join(this.#podsDir, file), 'utf8')) as LabPod)
  }

  pod(name: string | undefined): LabPod {
    const found = this.pods().find(pod => pod.name === name)
    if (found !== undefined) return found
    throw new LabError(`there is no pod ${name ?? 'without a name'}; npm run lab -- list shows all`)
  }

  /** Throws LabError for a name that is taken or cannot be one. */
  checkPodName(name: string | undefined): asserts name is string {
    if (name === undefined || !podNamePattern.test(name)) {
      throw new LabError('a pod needs a name of lower-case letters, digits and hyphens: web-1')
    }
    const taken = [...this.nodes(), ...this.pods()].some(one => one.name === name)
    if (taken) throw new LabError(`there is a ${name} already`)
  }

  keepPod(pod: LabPod): void {
    writeFileSync(join(this.#podsDir, `${pod.name}.json`), `${JSON.stringify(pod)}\n`)
  }

  dropPod(name: string): void {
    rmSync(join(this.#podsDir, `${name}.json`), { force: true })
  }

  /** The directory, if it is a lab's. */
  removeFiles(): void {
    if (existsSync(this.#mark)) rmSync(this.dir, { recursive: true, force: true })
  }
}

export function podRole(name: string): string {
  return `pod-${name}`
}
