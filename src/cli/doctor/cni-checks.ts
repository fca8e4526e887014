// Whether the runtime would find and execute the plugin.

import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../core/error-text.ts'
import { isObject } from '../../core/fields.ts'
import { type Finding, ok, wrong } from './finding.ts'

const confFile = /\.(conf|conflist|json)$/
const names = ['orbweaver', 'spiderpool']

export function cniFindings(binDir: string, confDir: string): Finding[] {
  return [pluginFinding(binDir), networkFinding(confDir)]
}

function pluginFinding(binDir: string): Finding {
  const check = 'cni plugin'
  const path = join(binDir, 'orbweaver')
  try {
    accessSync(path, constants.X_OK)
    return ok(check, `${path} can be executed`)
  } catch (error) {
    const todo = 'orbweaverd install, with --bin-dir where the runtime looks for plugins'
    return wrong(check, 'problem', messageOf(error), todo)
  }
}

/** Runtimes take the first file by its name. */
function networkFinding(confDir: string): Finding {
  const check = 'cni network'
  const todo = 'orbweaverd install --conflist FILE, with --conf-dir where the runtime looks'
  try {
    const files = readdirSync(confDir)
      .filter(name => confFile.test(name))
      .sort()
    const [first] = files
    if (first === undefined) return wrong(check, 'problem', `${confDir} has no network`, todo)
    const naming = files.find(name => namesUs(join(confDir, name)))
    if (naming === first) return ok(check, `${join(confDir, first)} names it, and comes first`)
    if (naming !== undefined) {
      const what = `${naming} names it, and ${first} comes before it`
      return wrong(check, 'warning', what, 'fine with Multus; else the runtime uses the first one')
    }
    return wrong(check, 'warning', `no network of ${confDir} names it`, `${todo}; fine with Multus`)
  } catch (error) {
    return wrong(check, 'problem', messageOf(error), todo)
  }
}

function namesUs(path: string): boolean {
  try {
    return isOurs(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return false
  }
}

function isOurs(network: unknown): boolean {
  if (!isObject(network)) return false
  const { ipam, plugins } = network
  if (isObject(ipam) && names.includes(String(ipam['type']))) return true
  return Array.isArray(plugins) && plugins.some(isOurs)
}
