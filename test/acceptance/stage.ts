// One real daemon, pools and facts as files that can be replaced while it runs, and a kubelet for its pods.

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import type { Test } from 'tap'
import { makeNamespace, type Namespace } from '../conformance/namespaces.ts'
import { allocatedBy, attachmentsOf, poolsOf, type ShownPool } from '../support/admin.ts'
import { askAdmin } from '../support/cluster-admin.ts'
import { eventually } from '../support/command.ts'
import { type Daemon, startDaemon } from '../support/daemon.ts'
import { plugin } from '../support/ipam.ts'
import { mainProgram } from '../support/main-program.ts'
import type { KubeObject } from './kube.ts'
import { Kubelet } from './kubelet.ts'

export interface StageOptions {
  /** Pools, subnets, reserved addresses. */
  readonly pools: readonly KubeObject[]
  /** What is told of pods and their owners from the start: one file, or several by name. */
  readonly facts?: readonly KubeObject[] | Readonly<Record<string, readonly KubeObject[]>>
  /** Further keys of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** Released addresses serve again at once, and nobody looks for vanished pods, unless a test is about that. */
const brisk = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }

export class Stage implements AsyncDisposable {
  /** Goes with the test. */
  static async open(t: Test, options: StageOptions): Promise<Stage> {
    if (!existsSync(plugin)) throw new Error(`${plugin} is missing: node scripts/build-plugin.ts`)
    const dir = mkdtempSync(join(tmpdir(), 'ow-accept-'))
    const stage = new Stage(dir, options, await makeNamespace())
    t.teardown(() => stage[Symbol.asyncDispose]())
    const { facts = [] } = options
    const files = Object.entries('length' in facts ? { told: facts } : facts)
    for (const [name, objects] of files) stage.tell(name, ...(objects as readonly KubeObject[]))
    stage.#write('pools.d', 'pools', options.pools)
    await stage.start()
    return stage
  }

  readonly dir: string
  readonly #options: StageOptions
  readonly #namespaces: Namespace[]
  #daemon: Daemon | undefined

  private constructor(dir: string, options: StageOptions, namespace: Namespace) {
    this.dir = dir
    this.#options = options
    this.#namespaces = [namespace]
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error('the daemon was not started')
    return this.#daemon
  }

  /** A kubelet whose networks say this in their ipam sections. */
  kubelet(ipam: Readonly<Record<string, unknown>> = {}): Kubelet {
    const [namespace] = this.#namespaces
    const patience = { connect_timeout_seconds: 30, answer_timeout_seconds: 30 }
    return new Kubelet(this.daemon, namespace?.path ?? '', { ...patience, ...ipam })
  }

  /** Its pods get addresses of these pools, of IPv4 unless they are in the second list. */
  using(ipv4: readonly string[], ipv6: readonly string[] = []): Kubelet {
    return this.kubelet({
      ...(ipv4.length > 0 && { default_ipv4_ippool: ipv4 }),
      ...(ipv6.length > 0 && { default_ipv6_ippool: ipv6 })
    })
  }

  /** A network namespace that goes with the stage at the latest. */
  async namespace(): Promise<Namespace> {
    const namespace = await makeNamespace()
    this.#namespaces.push(namespace)
    return namespace
  }

  /** Start the daemon, or another one after the last was stopped or killed. */
  async start(config: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const given = { factsDirs: [join(this.dir, 'facts')], ...brisk, ...this.#options.config }
    this.#daemon = await startDaemon({
      ...{ dir: this.dir, main: mainProgram() },
      config: { ...given, ...config }
    })
  }

  /** Replace a file of facts, as a whole. */
  tell(name: string, ...objects: readonly KubeObject[]): void {
    this.#write('facts', name, objects)
  }

  /** Replace a file of pools, and wait until what it says is so. */
  async provide(
    name: string,
    objects: readonly KubeObject[],
    isSo: (shown: ShownPools) => boolean
  ): Promise<void> {
    this.#write('pools.d', name, objects)
    await eventually(`${name} is read`, async () => isSo(await this.shown()))
  }

  /** Pools and what is wrong with documents, as people see them. */
  async shown(): Promise<ShownPools> {
    const { body } = await askAdmin(this.daemon, '/v1/pools')
    const { pools, problems } = body as { pools: ShownPool[]; problems: unknown[] }
    return { pools, problems: problems.map(one => JSON.stringify(one)) }
  }

  async usage(pool: string): Promise<ShownPool> {
    const found = (await poolsOf(this.daemon)).find(({ name }) => name === pool)
    if (found === undefined) throw new Error(`there is no pool ${pool}`)
    return found
  }

  async attachments(): ReturnType<typeof attachmentsOf> {
    return attachmentsOf(this.daemon)
  }

  async allocated(): Promise<readonly string[]> {
    return (await allocatedBy(this.daemon)).toSorted()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.kill()
    for (const namespace of this.#namespaces) await namespace.remove()
    rmSync(this.dir, { recursive: true, force: true })
  }

  #write(directory: string, name: string, objects: readonly KubeObject[]): void {
    mkdirSync(join(this.dir, directory), { recursive: true })
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
    writeFileSync(join(this.dir, directory, `.${name}`), list)
    renameSync(join(this.dir, directory, `.${name}`), join(this.dir, directory, `${name}.json`))
  }
}

export interface ShownPools {
  readonly pools: readonly ShownPool[]
  readonly problems: readonly string[]
}
