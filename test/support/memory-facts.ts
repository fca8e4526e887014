// What a test says of pods, namespaces and the node, in the place of files.

import type { Pod } from '../../src/core/attachment.ts'
import {
  type Facts,
  factsOfNode,
  type PodKnowledge,
  type Presence,
  type Workload,
  type WorkloadReference
} from '../../src/core/selection/facts.ts'
import { workloadKey } from '../../src/core/selection/kube-index.ts'
import type { PodFacts } from '../../src/ports/pod-facts.ts'

type Place = NonNullable<Facts['namespace']>

export class MemoryFacts implements PodFacts {
  readonly #pods = new Map<string, { readonly uid?: string; readonly knowledge: PodKnowledge }>()
  readonly #namespaces = new Map<string, Place>()
  readonly #workloads = new Map<string, Workload | 'Gone'>()
  readonly #ended = new Set<string>()
  readonly #listeners = new Set<() => void>()
  /** A part of what is told cannot be read. */
  isPartial = false
  #own: Facts

  constructor(own: Facts = factsOfNode('node-1')) {
    this.#own = own
  }

  of({ namespace, name, uid }: Pod): Facts {
    const place = this.#namespaces.get(namespace ?? '')
    const found = this.#pods.get(`${namespace}/${name}`)
    const isSame = uid === undefined || found?.uid === undefined || found.uid === uid
    return {
      ...this.#own,
      ...(place !== undefined && { namespace: place }),
      ...(found !== undefined && isSame && { pod: found.knowledge })
    }
  }

  workload(which: WorkloadReference): Workload | 'Gone' | 'Unknown' {
    return this.#workloads.get(workloadKey(which)) ?? 'Unknown'
  }

  presence(pod: Pod): Presence {
    if (this.isPartial) return 'Unknown'
    if (pod.uid !== undefined && this.#ended.has(pod.uid)) return 'Ended'
    return this.of(pod).pod === undefined ? 'Untold' : 'Told'
  }

  watch(onChange: () => void): () => void {
    const listener = () => onChange()
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** It has run to its end. */
  endPod(pod: Pod): void {
    if (pod.uid !== undefined) this.#ended.add(pod.uid)
    this.tellPod(pod, { isGone: true })
  }

  /** From now on this is known of a pod; what is left out is empty. */
  tellPod({ namespace, name, uid }: Pod, knowledge: Partial<PodKnowledge> = {}): void {
    this.#pods.set(`${namespace}/${name}`, {
      ...(uid !== undefined && { uid }),
      knowledge: { labels: {}, annotations: {}, isGone: false, ...knowledge }
    })
    this.#changed()
  }

  /** Nothing is known of it any more. */
  forgetPod({ namespace, name }: Pod): void {
    this.#pods.delete(`${namespace}/${name}`)
    this.#changed()
  }

  tellWorkload(which: WorkloadReference, workload: Workload | 'Gone'): void {
    this.#workloads.set(workloadKey(which), workload)
    this.#changed()
  }

  tellNamespace(name: string, place: Partial<Place> = {}): void {
    this.#namespaces.set(name, { labels: {}, annotations: {}, ...place })
    this.#changed()
  }

  /** What is known where nothing is known of the pod: the node's name and labels, the networks. */
  tellOwn(own: Facts): void {
    this.#own = own
    this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
