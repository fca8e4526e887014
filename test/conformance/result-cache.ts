// What a runtime remembers between two verbs of one attachment: a file each, as libcni writes them.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject, NetworkList } from './netconf.ts'
import type { CniResult } from './result.ts'
import type { Attachment } from './runtime.ts'

const kind = 'cniCacheV1'

export interface CachedAttachment {
  readonly network: string
  readonly attachment: Attachment
  readonly result: CniResult
}

export class ResultCache {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = join(dir, 'results')
  }

  put(list: NetworkList, attachment: Attachment, result: CniResult): void {
    const { containerId, ifname, netns, args, capabilityArgs } = attachment
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
    const content = {
      kind,
      containerId,
      config: Buffer.from(JSON.stringify(list)).toString('base64'),
      ifName: ifname,
      networkName: list.name,
      ...(netns !== '' && { netns }),
      ...(args !== undefined && { cniArgs: args.split(';').map(pair => pair.split('=')) }),
      ...(capabilityArgs !== undefined && { capabilityArgs }),
      result
    }
    writeFileSync(this.#path(list.name, attachment), JSON.stringify(content), { mode: 0o600 })
  }

  /** Undefined when there is none, or when it cannot be read: libcni goes on without it. */
  get(network: string, attachment: Attachment): CachedAttachment | undefined {
    return this.#read(this.#path(network, attachment))
  }

  drop(network: string, attachment: Attachment): void {
    rmSync(this.#path(network, attachment), { force: true })
  }

  all(): readonly CachedAttachment[] {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
    const names = readdirSync(this.#dir).sort()
    return names.flatMap(name => this.#read(join(this.#dir, name)) ?? [])
  }

  #read(path: string): CachedAttachment | undefined {
    try {
      const content = JSON.parse(readFileSync(path, 'utf8')) as {
        kind: string
        containerId: string
        ifName: string
        networkName: string
        netns?: string
        cniArgs?: string[][]
        capabilityArgs?: JsonObject
        result: CniResult
      }
      if (content.kind !== kind) return undefined
      const { containerId, ifName, networkName, netns = '', cniArgs, capabilityArgs } = content
      const args = cniArgs?.map(pair => pair.join('=')).join(';')
      const attachment = {
        containerId,
        ifname: ifName,
        netns,
        ...(args !== undefined && { args }),
        ...(capabilityArgs !== undefined && { capabilityArgs })
      }
      return { network: networkName, attachment, result: content.result }
    } catch {
      return undefined
    }
  }

  #path(network: string, { containerId, ifname }: Attachment): string {
    return join(this.#dir, `${network}-${containerId}-${ifname}`)
  }
}
