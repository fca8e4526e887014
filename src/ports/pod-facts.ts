// What is known of pods, namespaces and this node beside what the runtime says in an ADD. Files fill it now;
// a watch of the Kubernetes API may fill it later, never on the way of an ADD.

import type { Pod } from '../core/attachment.ts'
import type {
  Annotations,
  Facts,
  Presence,
  Workload,
  WorkloadReference
} from '../core/selection/facts.ts'

/** The annotations of a pod as somebody else knows them, who may have to be asked; undefined when he does not. */
export type ToldAnnotations = (
  pod: Pod
) => Annotations | undefined | Promise<Annotations | undefined>

export interface PodFacts {
  /**
   * What is known at this moment of a pod, its namespace and this node. At once and without waiting: it is on
   * the way of an ADD. What is not known is absent, which is another thing than empty.
   */
  of(pod: Pod): Facts

  /**
   * A controller, also when none of its pods is here. `Gone` is certain: it was there, and whoever tells of it tells
   * that it is not any more. What was never told of is unknown.
   */
  workload(which: WorkloadReference): Workload | 'Gone' | 'Unknown'

  /** Whether this very pod is told of now. What is not told of was perhaps never told of. */
  presence(pod: Pod): Presence

  /** Call `onChange` soon after something may have changed. Returns the function that ends it. */
  watch(onChange: () => void): () => void
}
