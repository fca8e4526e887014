// Runs what docs/orb.md shows: three real daemons on this machine's loopback, with a pod here and there, and one
// command of the page after the other. The page is the script: every line behind a prompt is executed, and what follows
// it is what came of it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { Node } from '../demo/node.ts'
import { setStage } from '../demo/stage.ts'
import { eventually } from '../lab/command.ts'
import { orbMain } from '../lab/programs.ts'

const commandMs = 60_000

/** `n1$ orb status`, and `n1: pod web-0` in a comment of the page, which is done and not shown. */
export interface Step {
  readonly node: string
  readonly line: string
  readonly isShown: boolean
}

export class Session implements AsyncDisposable {
  readonly #dir: string
  readonly #nodes: ReadonlyMap<string, Node>
  readonly #undo: AsyncDisposableStack
  readonly #netnsOf: (name: string) => Promise<string>

  private constructor(
    dir: string,
    nodes: ReadonlyMap<string, Node>,
    netnsOf: (name: string) => Promise<string>,
    undo: AsyncDisposableStack
  ) {
    this.#dir = dir
    this.#nodes = nodes
    this.#netnsOf = netnsOf
    this.#undo = undo
  }

  /** Three nodes of one cluster; each has joined before the next one starts. */
  static async open(): Promise<Session> {
    await using undo = new AsyncDisposableStack()
    const dir = mkdtempSync(join(tmpdir(), 'orbweaver-record-'))
    undo.defer(() => rmSync(dir, { recursive: true, force: true }))
    const stage = await setStage(undo, dir, 'loopback is enough')
    const nodes = new Map<string, Node>()
    for (const place of stage.nodes) {
      const node = new Node(place, undefined)
      undo.defer(() => node.stop())
      await node.start()
      nodes.set(node.name, node)
      await eventually(`${node.name} has joined`, async () => {
        const peers = await node.admin.peers()
        return peers.length === nodes.size - 1 && peers.every(({ session }) => session)
          ? true
          : undefined
      })
    }
    const netnsOf = async (name: string): Promise<string> => {
      const pod = await stage.pod(name)
      if (pod === undefined) throw new Error('no namespace can be had for pods')
      return pod.netns
    }
    furnish(dir)
    return new Session(dir, nodes, netnsOf, undo.move())
  }

  /** What a terminal would show. */
  async run({ node: name, line, isShown }: Step): Promise<string> {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new Error(`there is no node ${name}`)
    if (!isShown) return await this.#prepare(node, line)
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.#dir,
      ORBWEAVER_ADMIN_SOCKET: node.place.adminSocket,
      ORB_PROGRAM: orbMain,
      ORB_NODE: process.execPath,
      ORB_CONFIG: node.place.config
    }
    const here = line.replaceAll(/ (\/opt\/cni\/bin|\/etc\/cni\/net\.d)/g, ` ${this.#dir}/work$1`)
    const script = `orb() { "$ORB_NODE" "$ORB_PROGRAM" --config "$ORB_CONFIG" "$@"; }\n${here}`
    const text = await terminalText(script, env, join(this.#dir, 'work'))
    return withoutPaths(text, this.#dir)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync()
  }

  async #prepare(node: Node, line: string): Promise<string> {
    const [what = '', operand = ''] = line.split(' ')
    switch (what) {
      case 'pod':
        await node.runtime.addAddresses({ name: operand, netns: await this.#netnsOf(operand) })
        return ''
      case 'delete':
        await node.runtime.delete({ name: operand, netns: await this.#netnsOf(operand) })
        return ''
      case 'stop':
        await node.stop()
        return ''
      case 'until': {
        const wanted = line.slice(line.indexOf(' ') + 1)
        await eventually(wanted, async () => {
          const text = await this.run({ node: node.name, line: wanted, isShown: true })
          return text.includes('exit status') ? undefined : true
        })
        return ''
      }
      default:
        throw new Error(`nobody knows how to ${line}`)
    }
  }
}

/** Files that the page speaks of. */
function furnish(dir: string): void {
  const work = join(dir, 'work')
  mkdirSync(work)
  const head =
    'apiVersion: spiderpool.spidernet.io/v2beta1\nkind: SpiderIPPool\nmetadata: { name: green }\n'
  const spec = (ips: string) => `spec: { subnet: 10.60.0.0/28, ips: [${ips}] }\n`
  writeFileSync(join(work, 'green.yaml'), `${head}${spec('10.60.0.2-10.60.0.6')}`)
  writeFileSync(join(work, 'greener.yaml'), `${head}${spec('10.60.0.2-10.60.0.14')}`)
  const [bin, net] = [join(work, 'opt/cni/bin'), join(work, 'etc/cni/net.d')]
  for (const path of [bin, net]) mkdirSync(path, { recursive: true })
  writeFileSync(join(bin, 'orbweaver'), '#!/bin/sh\n', { mode: 0o755 })
  const network = {
    cniVersion: '1.0.0',
    name: 'u',
    plugins: [{ type: 'macvlan', ipam: { type: 'orbweaver' } }]
  }
  writeFileSync(join(net, '10-underlay.conflist'), JSON.stringify(network))
}

/** Both streams as they come, and the status where it is not 0. */
function terminalText(script: string, env: NodeJS.ProcessEnv, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const limit = setTimeout(() => child.kill('SIGKILL'), commandMs)
    let text = ''
    child.stdout.on('data', chunk => (text += String(chunk)))
    child.stderr.on('data', chunk => (text += String(chunk)))
    child.once('error', reject)
    child.once('close', (status, signal) => {
      clearTimeout(limit)
      if (signal !== null) reject(new Error(`${script} was ended by ${signal}`))
      else resolve(status === 0 ? text : `${text}(exit status ${status})\n`)
    })
  })
}

/** As they would be on a node. */
function withoutPaths(text: string, dir: string): string {
  return text
    .replaceAll(new RegExp(`${dir}/nodes/n\\d/(cni|admin)\\.sock`, 'g'), '/run/orbweaver/$1.sock')
    .replaceAll(new RegExp(`${dir}/nodes/n\\d/state`, 'g'), '/var/lib/orbweaver')
    .replaceAll(new RegExp(`${dir}/nodes/n\\d/(pools.d|config.yaml)`, 'g'), '/etc/orbweaver/$1')
    .replaceAll(`${dir}/nodes/cluster.key`, '/etc/orbweaver/cluster.key')
    .replaceAll(`${dir}/work/`, '/')
}
