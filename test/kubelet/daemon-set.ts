// A DaemonSet on several machines: a pod on each, and replaced node by node as its strategy says.

import { setTimeout as sleep } from 'node:timers/promises'
import { DaemonPod } from './daemon-pod.ts'
import type { KubeObject } from './kustomize.ts'
import type { Machine } from './machine.ts'
import { daemonSetIn } from './pod-spec.ts'

export class RunningDaemonSet implements AsyncDisposable {
  readonly #machines: readonly Machine[]
  readonly #pods = new Map<Machine, DaemonPod>()
  #objects: readonly KubeObject[] = []
  #generation = 0

  constructor(machines: readonly Machine[]) {
    this.#machines = machines
  }

  pod(machine: Machine): DaemonPod {
    const pod = this.#pods.get(machine)
    if (pod === undefined) throw new Error(`there is no pod on ${machine.name}`)
    return pod
  }

  /** `kubectl apply`: what has changed is what changes. */
  async apply(objects: readonly KubeObject[]): Promise<void> {
    const before = this.#objects
    this.#objects = objects
    for (const pod of this.#pods.values()) pod.refresh(objects)
    const { template, updateStrategy, minReadySeconds } = daemonSetIn(objects).spec
    const isNew = before.length === 0
    if (!isNew) {
      const old = daemonSetIn(before).spec.template
      if (JSON.stringify(old) === JSON.stringify(template)) return
    }
    this.#generation += 1
    const together = isNew ? this.#machines.length : updateStrategy.rollingUpdate.maxUnavailable
    for (let i = 0; i < this.#machines.length; i += together) {
      const group = this.#machines.slice(i, i + together)
      await Promise.all(group.map(machine => this.#replace(machine)))
      if (!isNew) await sleep(minReadySeconds * 1_000)
    }
  }

  /** Machines that have come since get their pod. */
  async follow(): Promise<void> {
    const others = this.#machines.filter(machine => !this.#pods.has(machine))
    await Promise.all(others.map(machine => this.#replace(machine)))
  }

  /** `kubectl delete`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pods.values()].map(pod => pod.stop()))
    this.#pods.clear()
  }

  async #replace(machine: Machine): Promise<void> {
    await this.#pods.get(machine)?.stop()
    const { metadata, spec } = daemonSetIn(this.#objects)
    const name = `${metadata.name}-${this.#generation}-${machine.name}`
    const pod = new DaemonPod(machine, name, spec.template.spec, this.#objects)
    this.#pods.set(machine, pod)
    pod.start()
    await pod.ready()
  }
}
