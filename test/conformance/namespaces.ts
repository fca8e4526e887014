// Somewhere for CNI_NETNS to point at: a network namespace that is certainly not the plugin's own. In the
// PID namespace of the host, unlike support/netns.ts: the daemon concludes that a namespace is gone only
// where it can see every process.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { attempt, eventually, run } from '../support/command.ts'
import { mayMakeNamespaces } from '../support/privilege.ts'

export interface Namespace {
  readonly path: string
  remove(): Promise<void>
}

const prefix = 'ow-case-'
const netnsDir = '/run/netns'
let made = 0

/** A named one as root; else that of a process in a user namespace of its own. */
export async function makeNamespace(): Promise<Namespace> {
  return mayMakeNamespaces() ? makeNamed() : makeHeld()
}

async function makeNamed(): Promise<Namespace> {
  if (made === 0) await sweep()
  made += 1
  const name = `${prefix}${process.pid}-${made}`
  await run('ip', ['netns', 'add', name])
  return {
    path: `${netnsDir}/${name}`,
    remove: async () => {
      if (existsSync(`${netnsDir}/${name}`)) await run('ip', ['netns', 'delete', name])
    }
  }
}

/** Remove what test processes that are no more have left. */
async function sweep(): Promise<void> {
  for (const name of existsSync(netnsDir) ? readdirSync(netnsDir) : []) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      await attempt('ip', ['netns', 'delete', name])
    }
  }
}

async function makeHeld(): Promise<Namespace> {
  const holder = spawn('unshare', ['--user', '--map-root-user', '--net', 'sleep', '3600'], {
    stdio: 'ignore'
  })
  const path = `/proc/${holder.pid}/ns/net`
  const ended = once(holder, 'exit')
  const own = readlinkSync('/proc/self/ns/net')
  await eventually('a namespace without root', () => {
    if (holder.exitCode !== null) throw new Error('this user may make no network namespaces')
    return readlinkSync(path) !== own
  })
  return {
    path,
    remove: async () => {
      holder.kill('SIGKILL')
      await ended
    }
  }
}
