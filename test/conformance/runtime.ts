// A container runtime's side of CNI, with the semantics of libcni: which plugin is executed with which
// environment and configuration, what is remembered, and what is made of the answer. Written after the
// behaviour of libcni 1.2/1.3; a runtime with an older library differs only in what it does not know.

import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { type Environment, type Execution, executePatiently } from './execute.ts'
import {
  configFor,
  goJson,
  type Injection,
  isAtLeast,
  type Json,
  type JsonObject,
  type NetworkList,
  type PluginConf
} from './netconf.ts'
import { type CniResult, decodeResult, failureOf, PluginFailure } from './result.ts'
import { ResultCache } from './result-cache.ts'

export type Verb = 'ADD' | 'CHECK' | 'DEL' | 'GC' | 'STATUS' | 'VERSION'

/** What libcni calls RuntimeConf: one interface of one container. */
export interface Attachment {
  readonly containerId: string
  /** Empty when the runtime has none any more. */
  readonly netns: string
  readonly ifname: string
  /** CNI_ARGS */
  readonly args?: string
  /** Offers of the runtime; a plugin gets those that its configuration has as capabilities. */
  readonly capabilityArgs?: JsonObject
}

export interface ValidAttachment {
  readonly containerID: string
  readonly ifname: string
}

export interface RuntimeOptions {
  /** The directories of CNI_PATH. */
  readonly path: readonly string[]
  readonly cacheDir: string
  /** What the runtime itself runs with; plugins inherit it. */
  readonly env?: Environment
  /**
   * Which program serves an entry. Without a main plugin around it, an IPAM plugin is executed in its
   * place, with the whole configuration of the main plugin, exactly as that one would do it.
   */
  readonly programOf?: (plugin: PluginConf) => string
  /** Told of every execution, successful or not. */
  readonly onExecuted?: (execution: Execution, verb: Verb) => void
}

export class Runtime {
  readonly #options: RuntimeOptions
  readonly cache: ResultCache
  /** What successful plugins have said on stderr; of the others it is dropped, or is the message. */
  stderr = ''

  constructor(options: RuntimeOptions) {
    this.#options = options
    this.cache = new ResultCache(options.cacheDir)
  }

  /** Every plugin in order, each with the result of the one before it. A failure rolls nothing back. */
  async add(list: NetworkList, attachment: Attachment, signal?: AbortSignal): Promise<CniResult> {
    validate(list.name, attachment)
    let result: CniResult | undefined
    for (const plugin of list.plugins) {
      const injection = { prevResult: result as Json | undefined, ...offersOf(attachment) }
      const execution = await this.#invoke('ADD', list, plugin, attachment, injection, signal)
      result = decodeResult(execution.stdout.toString(), list.cniVersion ?? '')
    }
    if (result === undefined) throw new Error(`the list "${list.name}" has no plugins`)
    this.cache.put(list, attachment, result)
    return result
  }

  /** From 0.4.0 on, with the final result of the ADD; older versions have no such verb. */
  async check(list: NetworkList, attachment: Attachment, signal?: AbortSignal): Promise<void> {
    const version = list.cniVersion ?? ''
    if (!isAtLeast(version, '0.4.0')) {
      throw new Error(`configuration version "${version}" does not support the CHECK command`)
    }
    if (list.disableCheck === true) return
    const injection = this.#remembered(list, attachment)
    for (const plugin of list.plugins) {
      await this.#invoke('CHECK', list, plugin, attachment, injection, signal)
    }
  }

  /** Backwards; the first failure ends it, and then the result stays remembered for the next try. */
  async del(list: NetworkList, attachment: Attachment, signal?: AbortSignal): Promise<void> {
    const injection = isAtLeast(list.cniVersion ?? '', '0.4.0')
      ? this.#remembered(list, attachment)
      : offersOf(attachment)
    for (const plugin of list.plugins.toReversed()) {
      await this.#invoke('DEL', list, plugin, attachment, injection, signal)
    }
    this.cache.drop(list.name, attachment)
  }

  /**
   * First a DEL for every attachment that is remembered and not valid, then GC for every plugin; what
   * fails is told at the end. `valid` undefined is Go's nil argument, `null` its nil slice.
   */
  async gc(list: NetworkList, valid?: readonly ValidAttachment[] | null): Promise<void> {
    if (list.disableGC === true) return
    const failures: unknown[] = []
    const attempt = async (work: Promise<unknown>) => {
      await work.catch((error: unknown) => failures.push(error))
    }
    const keep = new Set(valid?.map(({ containerID, ifname }) => `${containerID}/${ifname}`))
    for (const { network, attachment } of this.cache.all()) {
      if (network !== list.name) continue
      if (keep.has(`${attachment.containerId}/${attachment.ifname}`)) continue
      await attempt(this.del(list, attachment))
    }
    if (isAtLeast(list.cniVersion ?? '', '1.1.0')) {
      for (const plugin of list.plugins) {
        await attempt(this.#invoke('GC', list, plugin, nobody, { more: gcMembers(valid) }))
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n'))
  }

  /** All plugins of a list that has the verb; silence for older ones. The first failure ends it. */
  async status(list: NetworkList): Promise<void> {
    if (!isAtLeast(list.cniVersion ?? '', '1.1.0')) return
    for (const plugin of list.plugins) await this.#invoke('STATUS', list, plugin, nobody, {})
  }

  /** The versions that a plugin knows. */
  async version(type: string): Promise<{ cniVersion: string; supportedVersions: string[] }> {
    const dummy = { containerId: '', netns: 'dummy', ifname: 'dummy' }
    const stdin = '{"cniVersion":"1.1.0"}'
    const env = { ...this.environment('VERSION', dummy), CNI_PATH: 'dummy' }
    const execution = await this.execute('VERSION', { program: this.find(type), env, stdin })
    if (execution.code !== 0) throw failureOf(execution)
    return JSON.parse(execution.stdout.toString()) as Awaited<ReturnType<Runtime['version']>>
  }

  /** The runtime's own environment and all six variables, empty ones too. */
  environment(verb: Verb, { containerId, netns, ifname, args = '' }: Attachment): Environment {
    return {
      ...this.#options.env,
      CNI_COMMAND: verb,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: netns,
      CNI_ARGS: args,
      CNI_IFNAME: ifname,
      CNI_PATH: this.#options.path.join(':')
    }
  }

  /** Any environment, any stdin: for what no runtime would do. */
  async execute(
    verb: Verb,
    invocation: Parameters<typeof executePatiently>[0]
  ): Promise<Execution> {
    const execution = await executePatiently(invocation)
    this.#options.onExecuted?.(execution, verb)
    return execution
  }

  find(type: string): string {
    for (const directory of this.#options.path) {
      const candidate = join(directory, type)
      try {
        accessSync(candidate, constants.X_OK)
        return candidate
      } catch {
        // The next directory may have it.
      }
    }
    throw new Error(`failed to find plugin "${type}" in path [${this.#options.path.join(' ')}]`)
  }

  async #invoke(
    verb: Verb,
    list: NetworkList,
    plugin: PluginConf,
    attachment: Attachment,
    injection: Injection,
    signal?: AbortSignal
  ): Promise<Execution> {
    const execution = await this.execute(verb, {
      program: this.find(this.#options.programOf?.(plugin) ?? plugin.type),
      env: this.environment(verb, attachment),
      stdin: goJson(configFor(list, plugin, injection)),
      signal
    })
    if (execution.code !== 0) throw failureOf(execution)
    this.stderr += execution.stderr
    return execution
  }

  #remembered(list: NetworkList, attachment: Attachment): Injection {
    const prevResult = this.cache.get(list.name, attachment)?.result as Json | undefined
    return { prevResult, ...offersOf(attachment) }
  }
}

const nobody: Attachment = { containerId: '', netns: '', ifname: '' }

function offersOf({ capabilityArgs }: Attachment): Injection {
  return { capabilityArgs }
}

/** Both names: the published text of 1.1.0 has one and the specification as it is now the other. */
export function gcMembers(valid: readonly ValidAttachment[] | null | undefined): JsonObject {
  if (valid === undefined) return {}
  const list = valid as Json
  return { 'cni.dev/valid-attachments': list, 'cni.dev/attachments': list }
}

function validate(name: string, { containerId, ifname }: Attachment): void {
  const word = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/
  if (!word.test(containerId)) throw new PluginFailure(4, 'invalid characters in containerID')
  if (!word.test(name)) throw new PluginFailure(7, 'invalid characters found in network name')
  const length = Buffer.byteLength(ifname)
  if (length === 0 || length > 15 || ifname === '.' || ifname === '..' || /[/:\s]/.test(ifname)) {
    throw new PluginFailure(4, `interface name "${ifname}" is invalid`)
  }
}
