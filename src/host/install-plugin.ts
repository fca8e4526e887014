// Puts the plugin where the runtime executes it, and the network configuration where it reads it. Each file
// is there whole or not at all, the configuration comes last, and a stopped daemon leaves both: without them
// running pods could not even be deleted.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ConfigInvalidError } from '../core/errors.ts'
import { writeDurably } from './durable-file.ts'

export interface Places {
  readonly binDir: string
  readonly confDir: string
  /** The network configuration to install; its base name is kept. */
  readonly conflist?: string
  /** Also install the plugin under the name that Spiderpool's configurations use. */
  readonly dropIn: boolean
}

const pluginName = 'orbweaver'
const dropInName = 'spiderpool'

/** The binary that the build leaves beside the program. */
const builtPlugin = join(import.meta.dirname, '../../build', pluginName)

/** Install and say what was done. Throws ConfigInvalidError when something to install is not usable. */
export function installPlugin({ binDir, confDir, conflist, dropIn }: Places): string {
  if (!existsSync(builtPlugin)) {
    throw new ConfigInvalidError('install', [`${builtPlugin} is missing; run npm run build first`])
  }
  const network = conflist === undefined ? undefined : readNetwork(conflist)
  const plugin = readFileSync(builtPlugin)
  const done: string[] = []
  mkdirSync(binDir, { recursive: true, mode: 0o755 })
  for (const name of dropIn ? [pluginName, dropInName] : [pluginName]) {
    writeDurably(join(binDir, name), plugin, 0o755)
    done.push(`installed ${join(binDir, name)}`)
  }
  if (network !== undefined && conflist !== undefined) {
    mkdirSync(confDir, { recursive: true, mode: 0o755 })
    const target = join(confDir, basename(conflist))
    writeDurably(target, network, 0o644)
    done.push(`installed ${target}`)
  }
  return done.map(line => `${line}\n`).join('')
}

/** Remove the network configuration, then the plugin. What is not there is no failure. */
export function uninstallPlugin({ binDir, confDir, conflist, dropIn }: Places): string {
  const targets = [
    ...(conflist === undefined ? [] : [join(confDir, basename(conflist))]),
    ...(dropIn ? [join(binDir, dropInName)] : []),
    join(binDir, pluginName)
  ]
  const done: string[] = []
  for (const target of targets) {
    if (!existsSync(target)) continue
    rmSync(target)
    done.push(`removed ${target}\n`)
  }
  return done.join('')
}

function readNetwork(path: string): Buffer {
  if (!/\.(conf|conflist|json)$/.test(path)) {
    throw new ConfigInvalidError('--conflist', [`${path} must end in .conflist, .conf or .json`])
  }
  let text: Buffer
  try {
    text = readFileSync(path)
    const { name } = JSON.parse(text.toString('utf8')) as { name?: unknown }
    if (typeof name === 'string' && name !== '') return text
  } catch (error) {
    throw new ConfigInvalidError('--conflist', [`${path} is no JSON object: ${String(error)}`])
  }
  throw new ConfigInvalidError('--conflist', [`${path} has no name`])
}
