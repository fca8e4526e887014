// A node that may lose its database: a daemon on the loopback interface with a machine id of its own, and pods
// that have real namespaces and addresses, as a runtime would have made them.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cached } from '../support/cached-result.ts'
import { type Knowledge, knowledgeOf } from '../support/cluster-state.ts'
import { run } from '../support/command.ts'
import { type Daemon, daemonPaths, startDaemon } from '../support/daemon.ts'
import { ipamSection, type Pool, plugin, poolsYaml } from '../support/ipam.ts'
import { execute, type Outcome } from '../support/plugin.ts'

export const pool: Pool = {
  name: 'blue',
  subnet: '10.201.0.0/24',
  ips: ['10.201.0.10-10.201.0.73']
}
export const poolSize = 64

export interface Pod {
  readonly containerId: string
  readonly netns: string
  readonly address: string
}

type Mesh = Readonly<Record<string, unknown>>

export class RecoveringNode {
  readonly name: string
  readonly dir: string
  /** What the runtime says of the pod. */
  cniArgs = 'IgnoreUnknown=1;K8S_POD_NAME=web'
  readonly #mesh: Mesh | undefined
  #daemon: Daemon | undefined

  constructor(name: string, mesh: Mesh | undefined) {
    this.name = name
    this.#mesh = mesh
    this.dir = mkdtempSync(join(tmpdir(), `${name}-`))
    for (const part of ['netns', 'cni/results', 'state']) {
      mkdirSync(join(this.dir, part), { recursive: true })
    }
    this.setMachine(`machine of ${name}`)
  }

  get stateDir(): string {
    return daemonPaths(this.dir).stateDir
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error(`${this.name} does not run`)
    return this.#daemon
  }

  setMachine(id: string): void {
    writeFileSync(join(this.dir, 'machine-id'), `${id}\n`)
  }

  async start(more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.#daemon = await startDaemon({
      dir: this.dir,
      pools: poolsYaml([pool]),
      config: {
        nodeName: this.name,
        machineIdFile: join(this.dir, 'machine-id'),
        namespaceDirs: [join(this.dir, 'netns')],
        resultCacheDir: join(this.dir, 'cni'),
        cooldown: { seconds: 0 },
        reconcile: { everySeconds: 0.2, graceSeconds: 0 },
        ...(this.#mesh !== undefined && { mesh: this.#mesh }),
        ...more
      }
    })
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop()
    this.#daemon = undefined
  }

  /** The database goes, what tells of it stays. */
  lose(): void {
    for (const name of readdirSync(this.stateDir)) {
      if (name.startsWith('orbweaver.db')) rmSync(join(this.stateDir, name))
    }
  }

  knowledge(): Knowledge | undefined {
    return knowledgeOf(this.stateDir)
  }

  async add(containerId: string, isCached = true): Promise<Pod> {
    const netns = join(this.dir, 'netns', containerId)
    if (!existsSync(netns)) {
      writeFileSync(netns, '')
      await run('unshare', [`--net=${netns}`, 'true'])
    }
    const { status, stdout } = await this.#execute('ADD', containerId, netns)
    if (status !== 0) throw new Error(stdout)
    const { ips } = JSON.parse(stdout) as { ips: { address: string }[] }
    const text = ips[0]?.address ?? ''
    for (const args of [
      ['link', 'add', 'eth0', 'type', 'bridge'],
      ['address', 'add', text, 'dev', 'eth0']
    ]) {
      await run('nsenter', [`--net=${netns}`, 'ip', ...args])
    }
    if (isCached)
      writeFileSync(this.#result(containerId), JSON.stringify(this.#cached(containerId, text)))
    return { containerId, netns, address: text.replace(/\/.*/, '') }
  }

  /** The exit status of the plugin, and what it printed. */
  async delete(pod: Pod): Promise<Outcome> {
    const outcome = await this.deleteUnnoted(pod)
    rmSync(this.#result(pod.containerId), { force: true })
    return outcome
  }

  /** As by a runtime that ends before it has removed the result from its cache. */
  deleteUnnoted(pod: Pod): Promise<Outcome> {
    return this.#execute('DEL', pod.containerId, pod.netns)
  }

  /** What a main plugin does at DEL. */
  async unplug({ netns }: Pod): Promise<void> {
    await run('nsenter', [`--net=${netns}`, 'ip', 'link', 'delete', 'eth0'])
  }

  tryAdd(containerId: string, netns: string): Promise<Outcome> {
    return this.#execute('ADD', containerId, netns)
  }

  #result(containerId: string): string {
    return join(this.dir, 'cni/results', `underlay-${containerId}-eth0`)
  }

  #cached(containerId: string, address: string): Record<string, unknown> {
    const netns = join(this.dir, 'netns', containerId)
    return cached(containerId, [address], { netns }, { ipam: this.#ipam() })
  }

  #ipam(): Record<string, unknown> {
    const { socket, queue } = daemonPaths(this.dir)
    return ipamSection({ socket, queue }, [pool])
  }

  #execute(verb: string, containerId: string, netns: string): Promise<Outcome> {
    const conf = { cniVersion: '1.0.0', name: 'underlay', type: 'macvlan', ipam: this.#ipam() }
    return execute(plugin, {
      env: {
        CNI_COMMAND: verb,
        CNI_CONTAINERID: containerId,
        CNI_NETNS: netns,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/opt/cni/bin',
        CNI_ARGS: this.cniArgs
      },
      stdin: JSON.stringify(conf)
    })
  }
}
