// One daemon, one runtime that executes the plugin, and what has to hold after every case whatever it
// was about: documents on stdout, a daemon in good health, and exactly the allocations it should have.

import { existsSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import tap, { type Test } from 'tap'
import { attachmentsOf, type ShownAttachment } from '../support/admin.ts'
import { type Daemon, type DaemonOptions, daemonPaths, startDaemon } from '../support/daemon.ts'
import { requireRoot } from '../support/privilege.ts'
import { execute, type Execution, type Invocation } from './execute.ts'
import { makeNamespace, type Namespace } from './namespaces.ts'
import { configFor, goJson, type Injection, type JsonObject, type NetworkList } from './netconf.ts'
import { fiveIpv4, type PoolText, poolYaml } from './pools.ts'
import { plainAddresses } from './result.ts'
import { type Attachment, Runtime, type Verb } from './runtime.ts'
import { codeOf, faultOf } from './verdict.ts'

const buildDir = join(import.meta.dirname, '../../build')
export const plugin = join(buildDir, 'orbweaver')

export const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const

export interface ListOptions {
  /** null: a configuration without this member. */
  readonly cniVersion?: string | null
  readonly name?: string
  /** Further members of the ipam section. */
  readonly ipam?: JsonObject
  /** Further members of the main plugin's entry. */
  readonly entry?: JsonObject
}

export interface WorldOptions extends Pick<DaemonOptions, 'config' | 'env'> {
  readonly pools?: readonly PoolText[]
  readonly ipam?: JsonObject
  readonly needsRoot?: boolean
  /** Where the plugin finds the daemon, when something stands between them. */
  readonly socket?: (daemon: Daemon) => string
}

export class World {
  static async open(options: WorldOptions): Promise<World> {
    if (!existsSync(plugin)) throw new Error(`${plugin} is missing: node scripts/build-plugin.ts`)
    const { pools = [fiveIpv4], config, env } = options
    const daemonOptions = { ...(config && { config }), ...(env && { env }) }
    const daemon = await startDaemon({ ...daemonOptions, pools: poolYaml(...pools) })
    return new World(daemon, daemonOptions, options, await makeNamespace())
  }

  daemon: Daemon
  readonly runtime: Runtime
  /** What executions have said that none may say. */
  readonly faults: string[] = []
  /** Where pods live that need no namespace of their own. */
  readonly netns: string
  /** What STATUS must say at the end. */
  statusCode = 0

  readonly #daemonOptions: DaemonOptions
  readonly #options: WorldOptions
  readonly #namespaces: Namespace[]
  readonly #cleanups: (() => unknown)[] = []
  #pods = 0

  private constructor(
    daemon: Daemon,
    daemonOptions: DaemonOptions,
    options: WorldOptions,
    namespace: Namespace
  ) {
    this.daemon = daemon
    this.netns = namespace.path
    this.#daemonOptions = daemonOptions
    this.#options = options
    this.#namespaces = [namespace]
    this.runtime = new Runtime({
      path: [buildDir],
      cacheDir: join(daemon.dir, 'cache'),
      programOf: ({ ipam }) => (ipam as { type: string }).type,
      onExecuted: (execution, verb) => {
        const fault = faultOf(verb, execution)
        if (fault !== undefined) this.faults.push(fault)
      }
    })
  }

  /** A list with one main plugin that asks us for addresses. */
  list(options: ListOptions = {}): NetworkList {
    const { cniVersion = '1.0.0', name = 'net-a', ipam, entry } = options
    const section = {
      type: 'orbweaver',
      socket: this.#options.socket?.(this.daemon) ?? this.daemon.socket,
      queue: this.daemon.queue,
      connect_timeout_seconds: 10,
      answer_timeout_seconds: 20,
      ...this.#options.ipam,
      ...ipam
    }
    const macvlan = { type: 'macvlan', master: 'eth0', mode: 'bridge', ipam: section, ...entry }
    return { name, ...(cniVersion !== null && { cniVersion }), plugins: [macvlan] }
  }

  /** A pod nobody has seen before, unless told otherwise. */
  pod(options: Partial<Attachment> = {}): Attachment {
    this.#pods += 1
    const containerId = options.containerId ?? `sandbox-${this.#pods}`
    const names = `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${containerId}`
    const ids = `K8S_POD_INFRA_CONTAINER_ID=${containerId};K8S_POD_UID=uid-${containerId}`
    const args = `IgnoreUnknown=1;${names};${ids}`
    return { containerId, netns: this.netns, ifname: 'eth0', args, ...options }
  }

  /** A namespace that goes with this world at the latest. */
  async namespace(): Promise<Namespace> {
    const namespace = await makeNamespace()
    this.#namespaces.push(namespace)
    return namespace
  }

  /** ADD; the addresses without their prefixes. */
  async add(pod: Attachment, options?: ListOptions): Promise<readonly string[]> {
    return plainAddresses(await this.runtime.add(this.list(options), pod))
  }

  async del(pod: Attachment, options?: ListOptions): Promise<void> {
    await this.runtime.del(this.list(options), pod)
  }

  /** What the plugin reads from stdin for this list. */
  stdin(options?: ListOptions, injection: Injection = {}): string {
    const list = this.list(options)
    const [entry] = list.plugins
    if (entry === undefined) throw new Error('a list has a plugin')
    return goJson(configFor(list, entry, injection))
  }

  /** One execution past the runtime: nothing remembered, nothing checked, everything replaceable. */
  async exec(
    verb: Verb,
    pod: Attachment,
    invocation: Partial<Invocation> & { readonly list?: ListOptions } = {}
  ): Promise<Execution> {
    const { list, ...rest } = invocation
    return this.runtime.execute(verb, {
      program: plugin,
      env: this.runtime.environment(verb, pod),
      stdin: this.stdin(list),
      ...rest
    })
  }

  async held(): Promise<readonly ShownAttachment[]> {
    return attachmentsOf(this.daemon)
  }

  /** The allocated addresses of one pod, or of all. */
  async addressesHeld(pod?: Attachment): Promise<readonly string[]> {
    const attachments = (await this.held()).filter(
      ({ containerId, ifname }) =>
        pod === undefined || (containerId === pod.containerId && ifname === pod.ifname)
    )
    return attachments.flatMap(({ addresses }) => addresses.map(({ address }) => address))
  }

  /** Problems of the pool documents, one text each. */
  async poolProblems(): Promise<readonly string[]> {
    const { problems } = (await getJson(this.daemon, '/v1/pools')) as { problems: unknown[] }
    return problems.map(problem =>
      typeof problem === 'string' ? problem : JSON.stringify(problem)
    )
  }

  /** A daemon on the same directory, after the old one was stopped or killed. */
  async restart(options: DaemonOptions = {}): Promise<void> {
    this.daemon = await startDaemon({ ...this.#daemonOptions, ...options, dir: this.daemon.dir })
  }

  /** Take over a daemon that was started without waiting for it. */
  adopt(daemon: Daemon): void {
    this.daemon = daemon
  }

  get daemonOptions(): DaemonOptions {
    return { ...this.#daemonOptions, dir: this.daemon.dir }
  }

  get paths(): ReturnType<typeof daemonPaths> {
    return daemonPaths(this.daemon.dir)
  }

  onClose(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup)
  }

  async close(): Promise<void> {
    await this.daemon.kill()
    for (const cleanup of this.#cleanups.toReversed()) await cleanup()
    for (const namespace of this.#namespaces) await namespace.remove()
    rmSync(this.daemon.dir, { recursive: true, force: true })
  }

  /** What every case asserts beside its own matter. */
  async checkAlways(t: Test, attachments: number): Promise<void> {
    const status = await this.exec('STATUS', nobody, { list: { cniVersion: '1.1.0' } })
    t.equal(codeOf(status), this.statusCode, 'the daemon is in the health it should be in')
    t.equal(this.daemon.process.exitCode, null, 'the daemon runs')
    t.same(this.faults, [], 'every stdout is empty or one document')
    const held = await this.held()
    t.equal(held.length, attachments, `${attachments} attachments remain`)
    const addresses = held.flatMap(each => each.addresses.map(({ address }) => address))
    t.equal(new Set(addresses).size, addresses.length, 'no address is allocated twice')
  }
}

export const nobody: Attachment = { containerId: '', netns: '', ifname: '' }

/** A case of the list; its body returns how many attachments the daemon must have at the end. */
export function conformance(
  name: string,
  options: WorldOptions,
  body: (world: World, t: Test) => Promise<number>
): void {
  tap.test(name, async t => {
    if (options.needsRoot === true && !requireRoot(t, name)) return
    const world = await World.open(options)
    try {
      await world.checkAlways(t, await body(world, t))
    } finally {
      if (!t.passing()) t.comment(world.daemon.log())
      await world.close()
    }
  })
}

function getJson(daemon: Daemon, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: daemon.adminSocket, path }, answer => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => (body += chunk))
      answer.on('end', () => resolve(JSON.parse(body)))
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** Execute by way of a shell: for descriptors, limits and bytes that Node cannot set up. */
export function byShell(
  script: string,
  invocation: Omit<Invocation, 'program' | 'args'>
): Promise<Execution> {
  return execute({ program: '/bin/sh', args: ['-c', script, plugin], ...invocation })
}
