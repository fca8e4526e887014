// The one thing of the real host that runtimes on a host of their own still write to: the tree of
// control groups. Ours carry the number of the process that the test began as.

import { existsSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

const root = '/sys/fs/cgroup'
const prefix = 'orbweaver-test-'

export function cgroupOf(pid: number | string): string {
  return `${prefix}${pid}`
}

/** Remove the groups of test processes that are no more. The kernel keeps any that is in use. */
export function sweepCgroups(): void {
  for (const hierarchy of [root, ...directoriesIn(root)]) {
    for (const directory of directoriesIn(hierarchy)) {
      const pid = new RegExp(`/${prefix}(\\d+)$`).exec(directory)?.[1]
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeTree(directory)
    }
  }
}

function removeTree(directory: string): void {
  for (const child of directoriesIn(directory)) removeTree(child)
  try {
    rmdirSync(directory)
  } catch {
    // Busy, or another test was faster.
  }
}

function directoriesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => join(directory, entry.name))
  } catch {
    return []
  }
}
