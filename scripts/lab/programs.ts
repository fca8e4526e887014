// What demo and lab need from the machine, and how they get it without asking anybody for more than it has.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setup } from '../setup.ts'
import { run } from './command.ts'

const root = join(import.meta.dirname, '../..')
export const pluginDir = join(root, 'build')
export const plugin = join(pluginDir, 'orbweaver')
export const daemonMain = join(root, 'dist/main.js')
export const orbMain = join(root, 'dist/orb.js')
/** Where Debian keeps the plugins that make interfaces. */
export const mainPluginDir = '/usr/lib/cni'

/** Set in the demo that has become root of namespaces of its own. */
const marker = 'ORBWEAVER_DEMO_UNPRIVILEGED'

/** The user who started this is not root, and what it does cannot reach beyond its own namespaces. */
export const isUnprivilegedRoot = process.env[marker] !== undefined

/** Build daemon and plugin; says nothing unless that fails. */
export async function build(): Promise<void> {
  await run(process.execPath, [join(root, 'scripts/build.ts')])
}

/** Throws unless daemon and plugin are there. */
export function requireBuilt(): void {
  for (const file of [daemonMain, plugin]) {
    if (!existsSync(file)) throw new Error(`${file} is missing: npm run build makes it`)
  }
}

/** Have what real interfaces need, or say why not. Where the kernel asks for it, this program starts anew. */
export async function prepareNetwork(): Promise<string | undefined> {
  const mayBecomeRoot = !mayMakeNamespaces() && succeeds('unshare', [...ownNamespaces, 'true'])
  if (!mayMakeNamespaces() && !mayBecomeRoot) {
    return process.getuid?.() === 0
      ? 'even root may not make network namespaces here; a container has to be privileged for that'
      : 'this user may not make network namespaces; root may'
  }
  const problem = await installTools()
  if (problem === undefined && mayBecomeRoot) becomeRoot()
  return problem
}

export function mayMakeNamespaces(): boolean {
  return succeeds('unshare', ['--net', '--mount', 'true'])
}

/** Install what is missing where that is allowed; what then still is, with the reasons. */
export async function installTools(): Promise<string | undefined> {
  const lines: string[] = []
  const { missing } = await setup({
    packages: ['iproute2', 'iputils-ping', 'containernetworking-plugins'],
    print: line => {
      lines.push(line)
      if (line.startsWith('installing')) console.log(line)
    }
  })
  // Nobody needs to hear what is there; what is missing comes last, with the reasons.
  if (missing.length === 0) return undefined
  return lines.slice(lines.findLastIndex(line => line.startsWith('missing'))).join('\n')
}

/** Put before a command, it ends with this process even when that is killed. */
export function dieWithUs(): readonly string[] {
  return succeeds('setpriv', ['--pdeathsig', 'KILL', 'true'])
    ? ['setpriv', '--pdeathsig', 'KILL']
    : []
}

// Root of a user namespace may do with namespaces and links what root may, as long as they are its own.
// /run has to be its own as well, since `ip netns` keeps names there.
const ownNamespaces = [
  ...['--user', '--map-root-user', '--net', '--mount'],
  ...['sh', '-c', 'mount -t tmpfs tmpfs /run && exec "$@"', 'sh']
]

/** Start this program again in namespaces of its own; does not return. */
function becomeRoot(): void {
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const env = { ...process.env, [marker]: '1' }
  process.execve?.('/usr/bin/env', ['env', 'unshare', ...ownNamespaces, ...again], env)
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args).status === 0
}
