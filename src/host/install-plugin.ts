// Puts the plugin where the runtime executes it, and the network configuration where it reads it. Each file
// is there whole or not at all, the configuration comes last, and a stopped daemon leaves both: without them
// running pods could not even be deleted.

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errorCodeOf, messageOf } from '../core/error-text.ts'
import { ConfigInvalidError } from '../core/errors.ts'
import { isObject } from '../core/fields.ts'
import { syncDirectory, writeDurably } from './durable-file.ts'

export interface Places {
  readonly binDir: string
  readonly confDir: string
  /** The network configuration to install; its base name is kept. */
  readonly conflist?: string
  /** Also install the plugin under the name that Spiderpool's configurations use. */
  readonly dropIn: boolean
}

/** One program, which does what its name says. */
const pluginNames = ['orbweaver', 'orbweaver-coordinator', 'orbweaver-ifacer'] as const
/** The names that Spiderpool's configurations use. */
const dropInNames = ['spiderpool', 'coordinator', 'ifacer'] as const
const [pluginName] = pluginNames

/** The binary that the build leaves beside the program. */
const builtPlugin = join(import.meta.dirname, '../../build', pluginName)

/** A line of its usage, by which a plugin of any release of ours is known. */
const marker = 'orbweaver is a CNI plugin'

/** What a runtime reads as a network configuration. */
const networkFile = /\.(conf|conflist|json)$/

/** Install and say what was done. Throws ConfigInvalidError when something to install is not usable. */
export function installPlugin(places: Places): string {
  // Before anything is done.
  if (places.conflist !== undefined) readNetwork(places.conflist)
  return installPrograms(places) + installNetwork(places)
}

/** What runtimes execute. */
export function installPrograms({ binDir, dropIn }: Places): string {
  if (!existsSync(builtPlugin)) {
    throw new ConfigInvalidError('install', [`${builtPlugin} is missing; run npm run build first`])
  }
  const plugin = usable(builtPlugin, () => readFileSync(builtPlugin))
  const taken = dropIn ? foreignNames(binDir) : []
  if (taken.length > 0) {
    const problem = 'is another program; move it away, or leave --drop-in out'
    throw new ConfigInvalidError(
      'install',
      taken.map(name => `${join(binDir, name)} ${problem}`)
    )
  }
  const names = dropIn ? [...pluginNames, ...dropInNames] : pluginNames
  return names.map(name => put(binDir, name, plugin, 0o755)).join('')
}

/** What makes runtimes execute it: last of all, since from then on pods are started. */
export function installNetwork({ confDir, conflist }: Places): string {
  return conflist === undefined
    ? ''
    : put(confDir, basename(conflist), readNetwork(conflist), 0o644)
}

/** Whether a plugin of ours, of whatever release, is where runtimes look. */
export function hasPlugin({ binDir }: Places): boolean {
  const path = join(binDir, pluginName)
  return existsSync(path) && !isForeign(path)
}

/** What is there already is left alone: runtimes watch these directories, and begin anew with every change. */
function put(directory: string, name: string, content: Buffer, mode: number): string {
  const target = join(directory, name)
  return usable(target, () => {
    if (isThere(target, content, mode)) return `${target} is there already\n`
    makeDirectory(directory)
    writeDurably(target, content, mode)
    return `installed ${target}\n`
  })
}

/** Readable for everybody, whatever the daemon makes otherwise. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  mkdirSync(path)
  chmodSync(path, 0o755)
}

function isThere(path: string, content: Buffer, mode: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return (
    found?.isFile() === true && (found.mode & 0o777) === mode && content.equals(readFileSync(path))
  )
}

/**
 * Remove the network configuration, then the plugin, and say what was done. What is not there is no failure.
 * Throws ConfigInvalidError while another network names the plugin: its pods could not be deleted any more.
 */
export function uninstallPlugin({ binDir, confDir, conflist, dropIn }: Places): string {
  const network = conflist === undefined ? undefined : basename(conflist)
  const foreign = dropIn ? foreignNames(binDir) : []
  const ours = dropInNames.filter(name => dropIn && !foreign.includes(name))
  const names = [...ours, ...pluginNames.toReversed()]
  const inUse = networksOf(confDir, names).filter(file => file !== network)
  if (inUse.length > 0) {
    throw new ConfigInvalidError(
      'uninstall',
      inUse.map(
        file =>
          `${join(confDir, file)} still names the plugin; remove it first, or give it with --conflist`
      )
    )
  }
  const done: string[] = []
  const remove = (directory: string, name: string) => {
    const target = join(directory, name)
    if (!existsSync(target)) return
    usable(target, () => {
      rmSync(target)
      syncDirectory(directory)
    })
    done.push(`removed ${target}\n`)
  }
  if (network !== undefined) remove(confDir, network)
  for (const name of foreign) done.push(`left ${join(binDir, name)}: it is another program\n`)
  for (const name of names) remove(binDir, name)
  return done.length === 0 ? 'nothing to remove\n' : done.join('')
}

/** Names that we would take and that another program has. */
function foreignNames(binDir: string): string[] {
  return dropInNames.filter(name => isForeign(join(binDir, name)))
}

/** Is there a program at this path that no release of ours has put there? */
function isForeign(path: string): boolean {
  return existsSync(path) && !usable(path, () => readFileSync(path)).includes(marker)
}

/** The files of this directory that name one of these plugins. */
function networksOf(directory: string, plugins: readonly string[]): string[] {
  if (!existsSync(directory)) return []
  const files = usable(directory, () => readdirSync(directory)).filter(file =>
    networkFile.test(file)
  )
  return files.filter(file => {
    const path = join(directory, file)
    return names(parsedOrNothing(usable(path, () => readFileSync(path, 'utf8'))), plugins)
  })
}

/** Wherever it stands, since meta plugins nest configurations; in any case of letters, as runtimes read it. */
function names(value: unknown, plugins: readonly string[]): boolean {
  if (Array.isArray(value)) return value.some(item => names(item, plugins))
  if (!isObject(value)) return false
  return Object.entries(value).some(
    ([key, inner]) =>
      (key.toLowerCase() === 'type' && plugins.includes(String(inner))) || names(inner, plugins)
  )
}

/** A file that is no JSON is of no use to a runtime either. */
function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Throws ConfigInvalidError when it is none. */
export function readNetwork(path: string): Buffer {
  const refuse = (problem: string) => new ConfigInvalidError('--conflist', [`${path} ${problem}`])
  if (!networkFile.test(path)) throw refuse('must end in .conflist, .conf or .json')
  let text: Buffer
  try {
    text = readFileSync(path)
  } catch (error) {
    throw refuse(`cannot be read: ${messageOf(error)}`)
  }
  let document: unknown
  try {
    document = JSON.parse(text.toString('utf8'))
  } catch (error) {
    throw refuse(`is no JSON object: ${messageOf(error)}`)
  }
  if (!isObject(document)) throw refuse('is no JSON object')
  const { name } = document
  if (typeof name !== 'string' || name === '') throw refuse('has no name')
  return text
}

/** Do something with a file or directory; when the system refuses, say with which one and why. */
function usable<Value>(path: string, work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    if (errorCodeOf(error) === undefined) throw error
    throw new ConfigInvalidError(path, [messageOf(error)])
  }
}
