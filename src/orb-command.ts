// The part of the composition root that every command line for people has: `orb`, and the subcommands of `orbweaverd`
// that are the same.

import { existsSync } from 'node:fs'
import { runOrb } from './cli/program.ts'
import type { GlobalOptions, Places, Terminal } from './cli/orb.ts'
import type { DaemonConfig } from './config/daemon-config.ts'
import { release } from './release.ts'

const usualConfigFile = '/etc/orbweaver/config.yaml'
const usualSocket = '/run/orbweaver/admin.sock'

const terminal: Terminal = {
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  isInteractive: process.stdin.isTTY && process.stderr.isTTY,
  columns: process.stdout.columns
}

export async function orbCommand(args: readonly string[], program = 'orb'): Promise<number> {
  // Whoever reads only the first lines of a table has read enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  })
  return await runOrb(args, { program, release, terminal, socketOf, placesOf })
}

async function socketOf(options: GlobalOptions): Promise<string> {
  const named = options.socket ?? process.env['ORBWEAVER_ADMIN_SOCKET']
  if (named !== undefined && named !== '') return named
  // Reading a configuration takes longer than asking a node, so it is read only where there is one.
  const file = fileOf(options)
  return file === undefined ? usualSocket : (await configOf(file)).adminSocket
}

async function placesOf(options: GlobalOptions): Promise<Places> {
  const file = fileOf(options)
  const { defaultPoolDir } = await import('./config/daemon-config.ts')
  const config = await configOf(file)
  const { nodeName, stateDir, socket, adminSocket, queueDir, poolDirs, mesh } = config
  return {
    ...{ configFile: file, nodeName, stateDir, socket, adminSocket, queueDir },
    poolDirs: poolDirs ?? [defaultPoolDir],
    keyFile: mesh?.keyFile,
    settings: { ...config }
  }
}

function fileOf({ config }: GlobalOptions): string | undefined {
  return config ?? (existsSync(usualConfigFile) ? usualConfigFile : undefined)
}

async function configOf(file: string | undefined): Promise<DaemonConfig> {
  const { defaultConfig, readConfig } = await import('./config/daemon-config.ts')
  return file === undefined ? defaultConfig() : readConfig(file)
}
