// The volumes of a pod on a machine. Those of ConfigMaps and Secrets change in one step, as the kubelet does it: files
// are links into `..data`, which is a link itself and is turned to another directory.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  readlinkSync,
  chmodSync
} from 'node:fs'
import { basename, join } from 'node:path'
import type { KubeObject } from './kustomize.ts'
import type { Machine } from './machine.ts'
import type { Volume } from './pod-spec.ts'

/** What each volume has been filled with, by its directory: what has not changed is left alone. */
const lastPrints = new Map<string, string>()

/** Where this volume is on the machine. Throws as the kubelet has it when it cannot be mounted. */
export function prepareVolume(
  machine: Machine,
  podDir: string,
  volume: Volume,
  objects: readonly KubeObject[]
): string {
  if (volume.hostPath !== undefined) return prepareHostPath(machine, volume.hostPath)
  const directory = `${podDir}/volumes/${volume.name}`
  writeContent(machine.path(directory), contentOf(volume, objects), volume.secret?.defaultMode)
  return directory
}

/** What the API server has by now. */
export function refreshVolume(
  machine: Machine,
  podDir: string,
  volume: Volume,
  objects: readonly KubeObject[]
): void {
  if (volume.hostPath !== undefined) return
  const directory = machine.path(`${podDir}/volumes/${volume.name}`)
  try {
    writeContent(directory, contentOf(volume, objects), volume.secret?.defaultMode)
  } catch {
    // An object that is gone leaves in its volumes what it had.
  }
}

function prepareHostPath(machine: Machine, { path, type = '' }: NonNullable<Volume['hostPath']>) {
  const here = machine.path(path)
  if (type === 'DirectoryOrCreate') mkdirSync(here, { recursive: true, mode: 0o755 })
  else if (type === 'File' && !(existsSync(here) && statSync(here).isFile())) {
    throw new Error(`hostPath type check failed: ${path} is not a file`)
  } else if (type === 'Directory' && !(existsSync(here) && statSync(here).isDirectory())) {
    throw new Error(`hostPath type check failed: ${path} is not a directory`)
  } else if (type !== 'File' && type !== 'Directory') {
    throw new Error(`hostPath type ${type} is not supported here`)
  }
  return path
}

function contentOf(volume: Volume, objects: readonly KubeObject[]): Map<string, Buffer> {
  const { configMap, secret } = volume
  const [kind, name] =
    configMap === undefined ? ['Secret', secret?.secretName] : ['ConfigMap', configMap.name]
  const object = objects.find(one => one.kind === kind && one.metadata.name === name)
  if (object === undefined) throw new Error(`${kind.toLowerCase()} "${name}" not found`)
  const encoding = kind === 'Secret' ? 'base64' : 'utf8'
  const data = (object['data'] ?? {}) as Record<string, string>
  return new Map(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, encoding)]))
}

function writeContent(directory: string, content: Map<string, Buffer>, mode = 0o644): void {
  mkdirSync(directory, { recursive: true })
  const print = [...content].map(([key, bytes]) => `${key}\0${bytes.toString('base64')}`).join('\n')
  if (lastPrints.get(directory) === print) return
  lastPrints.set(directory, print)
  const fresh = mkdtempSync(`${directory}/..`)
  chmodSync(fresh, 0o755)
  for (const [key, bytes] of content) writeFileSync(join(fresh, key), bytes, { mode })
  const data = join(directory, '..data')
  const old = existsSync(data) ? readlinkSync(data) : undefined
  const turned = join(directory, '..data_tmp')
  symlinkSync(basename(fresh), turned)
  renameSync(turned, data)
  for (const key of content.keys()) {
    if (!existsSync(join(directory, key))) symlinkSync(join('..data', key), join(directory, key))
  }
  if (old !== undefined) rmSync(join(directory, old), { recursive: true, force: true })
}
