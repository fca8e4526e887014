// The one pod of a DaemonSet on one machine: started from its template, asked by its probes, started again when it
// dies. Kubernetes waits ten seconds and more before it starts a container again; here that is a part of a second.

import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../support/command.ts'
import { containerConfig, type PodPlace, sandboxConfig } from './container-config.ts'
import type { KubeObject } from './kustomize.ts'
import type { Machine } from './machine.ts'
import type { PodSpec, Probe } from './pod-spec.ts'
import { prepareVolume, refreshVolume } from './pod-volumes.ts'
import { probe } from './probes.ts'

const firstBackOffMs = 200
const backOffMsMax = 2_000
const lookEveryMs = 100

interface Ids {
  readonly sandbox: string
  readonly container: string
}

export class DaemonPod {
  readonly uid = randomUUID()
  readonly spec: PodSpec
  readonly #machine: Machine
  readonly #place: PodPlace
  #objects: readonly KubeObject[]
  #ids: Ids | undefined
  #restarts = 0
  #hasStarted = false
  #isReady = false
  #isStopped = false
  #obstacle = ''
  #lives: Promise<void> = Promise.resolve()

  constructor(machine: Machine, name: string, spec: PodSpec, objects: readonly KubeObject[]) {
    this.#machine = machine
    this.spec = spec
    this.#objects = objects
    this.#place = {
      ...{ name, uid: this.uid, namespace: 'orbweaver' },
      ...{ nodeName: machine.name, hostIp: machine.address },
      podDir: `/var/lib/kubelet/pods/${this.uid}`
    }
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get restarts(): number {
    return this.#restarts
  }

  /** Why its container does not run; empty when nothing stands in the way. */
  get obstacle(): string {
    return this.#obstacle
  }

  get containerId(): string {
    if (this.#ids === undefined) throw new Error('the container does not run')
    return this.#ids.container
  }

  /** Begin, and go on until it is stopped. */
  start(): void {
    this.#isStopped = false
    this.#lives = this.#live()
  }

  async ready(timeoutMs = 30_000): Promise<void> {
    await eventually(`${this.#place.name} is ready`, () => this.#isReady, timeoutMs).catch(
      (error: unknown) => {
        throw new Error(`${this.#obstacle}\n${this.log()}`, { cause: error })
      }
    )
  }

  /** Everything that its containers have printed. */
  log(): string {
    const directory = this.#machine.path(`${this.#place.podDir}/logs`)
    const files = existsSync(directory) ? readdirSync(directory).sort() : []
    return files.map(name => readFileSync(join(directory, name), 'utf8')).join('')
  }

  /** Run a program in the container. */
  async exec(command: readonly string[], timeoutSeconds = 30) {
    const request = { container_id: this.containerId, cmd: command, timeout: timeoutSeconds }
    const answer = (await this.#machine.cri.call('ExecSync', request)) as {
      stdout: Buffer
      stderr: Buffer
      exit_code: number
    }
    return {
      code: answer.exit_code,
      stdout: answer.stdout.toString(),
      stderr: answer.stderr.toString()
    }
  }

  /** ConfigMaps and Secrets have changed. */
  refresh(objects: readonly KubeObject[]): void {
    this.#objects = objects
    for (const volume of this.spec.volumes) {
      refreshVolume(this.#machine, this.#place.podDir, volume, objects)
    }
  }

  /** SIGTERM, the time that it has asked for, SIGKILL; and nothing of it is left. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#lives
    const ids = this.#ids
    if (ids === undefined) return
    const { cri } = this.#machine
    const timeout = this.spec.terminationGracePeriodSeconds
    await cri.call('StopContainer', { container_id: ids.container, timeout })
    await cri.call('RemoveContainer', { container_id: ids.container })
    await cri.remove(ids.sandbox)
    this.#forget()
  }

  /** The machine is off, and took everything along. */
  async abandon(): Promise<void> {
    this.#isStopped = true
    await this.#lives
    this.#forget()
  }

  #forget(): void {
    this.#ids = undefined
    this.#hasStarted = false
    this.#isReady = false
  }

  async #live(): Promise<void> {
    for (let backOffMs = firstBackOffMs; !this.#isStopped;) {
      try {
        if (await this.#look()) backOffMs = firstBackOffMs
        await sleep(lookEveryMs)
      } catch (error) {
        this.#obstacle = String(error)
        await sleep(backOffMs)
        backOffMs = Math.min(backOffMs * 2, backOffMsMax)
      }
    }
  }

  /** Bring it one step further. True: it runs and everything is in order. */
  async #look(): Promise<boolean> {
    if (this.#ids === undefined) {
      await this.#create()
      return false
    }
    const { sandbox, container } = this.#ids
    const { status } = (await this.#machine.cri.call('ContainerStatus', {
      container_id: container
    })) as { status: { state: string; exit_code: number } }
    if (status.state !== 'CONTAINER_RUNNING') {
      this.#restarts += 1
      this.#hasStarted = false
      this.#isReady = false
      await this.#machine.cri.call('RemoveContainer', { container_id: container })
      this.#ids = { sandbox, container: await this.#startContainer(sandbox) }
      throw new Error(`the container has ended with status ${status.exit_code}`)
    }
    this.#obstacle = ''
    const [{ startupProbe, readinessProbe, livenessProbe }] = this.spec.containers
    this.#hasStarted ||= await this.#succeeds(startupProbe)
    this.#isReady = this.#hasStarted && (await this.#succeeds(readinessProbe))
    if (this.#hasStarted && !(await this.#livesOn(livenessProbe))) {
      await this.#machine.cri.call('StopContainer', { container_id: container, timeout: 1 })
    }
    return this.#isReady
  }

  async #create(): Promise<void> {
    const config = sandboxConfig(this.spec, this.#place)
    // Before the sandbox, as the kubelet does: a pod whose volumes are not there has none.
    const volumes = this.#volumes()
    const answer = await this.#machine.cri.call('RunPodSandbox', { config })
    const sandbox = (answer as { pod_sandbox_id: string }).pod_sandbox_id
    this.#ids = { sandbox, container: await this.#startContainer(sandbox, volumes) }
  }

  async #startContainer(sandbox: string, volumes = this.#volumes()): Promise<string> {
    const { cri } = this.#machine
    const answer = await cri.call('CreateContainer', {
      pod_sandbox_id: sandbox,
      config: containerConfig(this.spec, this.#place, volumes, this.#restarts),
      sandbox_config: sandboxConfig(this.spec, this.#place)
    })
    const { container_id } = answer as { container_id: string }
    await cri.call('StartContainer', { container_id })
    return container_id
  }

  #volumes(): Map<string, string> {
    const { podDir } = this.#place
    return new Map(
      this.spec.volumes.map(volume => [
        volume.name,
        prepareVolume(this.#machine, podDir, volume, this.#objects)
      ])
    )
  }

  async #succeeds(what: Probe | undefined): Promise<boolean> {
    if (what === undefined) return true
    const [container] = this.spec.containers
    const exec = async (command: readonly string[], seconds: number) =>
      (await this.exec(command, seconds)).code
    return probe({ container, hostIp: this.#machine.address, exec }, what)
  }

  /** A container that is not alive gets as many chances as it is promised. */
  async #livesOn(what: Probe | undefined): Promise<boolean> {
    for (let left = what?.failureThreshold ?? 3; left > 0; left -= 1) {
      if (await this.#succeeds(what)) return true
      await sleep(lookEveryMs)
    }
    return false
  }
}
