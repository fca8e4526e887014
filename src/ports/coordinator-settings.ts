// What the cluster wants of its coordinators: files tell it now, a watch of the Kubernetes API may later.

import type { CoordinatorWishes } from '../core/coordination/settings.ts'

export interface ClusterWishes {
  /** At once and without waiting: it is on the way of an ADD. The last that could be read. */
  current(): CoordinatorWishes
}
