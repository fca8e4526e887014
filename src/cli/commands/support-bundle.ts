// support-bundle: what somebody needs who is to help and cannot log in. Nothing of it is secret: keys and tokens are
// named by their files, and what is named like a secret is taken out.

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createGzip } from 'node:zlib'
import type { Command } from 'commander'
import { isObject, type Json } from '../../core/fields.ts'
import { addCommand, textOf } from '../command.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import type { Orb, Surroundings } from '../orb.ts'
import { findingsOf } from './doctor.ts'

/** Everything a node shows, in files of these names. */
const looks = {
  ...{ status: '/v1/status', pools: '/v1/pools', subnets: '/v1/subnets', blocks: '/v1/blocks' },
  ...{ peers: '/v1/peers', registry: '/v1/registry', actors: '/v1/actors' },
  ...{ attachments: '/v1/attachments', addresses: '/v1/addresses?limit=5000' },
  events: '/v1/events?last=1000'
} as const

/** Of each file; the beginning of a longer one says what it is. */
const fileBytesMax = 8 * 1024 * 1024

const secretName = /secret|token$|password|nonce|session|private/i
/** A `key` is mostly an epoch or that of an attachment. */
const secretKey = /^[0-9a-f]{32,}$/i

export function addSupportBundle(program: Command, around: Surroundings): void {
  addCommand(
    program,
    around,
    {
      name: 'support-bundle',
      summary: 'Gather what is known of this node into one file for whoever is to help',
      more:
        'A tar.gz, readable by root alone, with the answers of the admin socket, the findings of the doctor and the ' +
        'configuration. It has names and addresses of pods and nodes, and no keys or tokens. Logs are where the ' +
        'daemon writes them: add those of the time in question',
      examples: [
        ['support-bundle', 'into the current directory'],
        ['support-bundle --to /tmp/n1.tar.gz', 'into this file']
      ],
      options: [{ flags: '--to <file>', what: 'the file to write', completes: 'file' }]
    },
    async (orb, options) => {
      const files = await gather(orb)
      const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
      const to = textOf(options, 'to') ?? `orb-support-${stamp}Z.tar.gz`
      await write(to, files)
      orb.terminal.out(`${to}: ${files.size} files\n`)
      for (const name of files.keys()) orb.terminal.out(`  ${name}\n`)
    }
  )
}

async function gather(orb: Orb): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const put = (name: string, value: unknown) =>
    files.set(name, `${JSON.stringify(withoutSecrets(value), undefined, 2)}\n`)
  const { program, release, placesOf } = orb.surroundings
  put('bundle.json', {
    ...{ program, release, made: new Date().toISOString(), platform: process.platform },
    ...{ arch: process.arch, node: process.version, asked: orb.options.node ?? 'this node' }
  })
  for (const [name, path] of Object.entries(looks)) {
    try {
      put(`${name}.json`, await orb.look(path))
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error
      put(`${name}.json`, { error: error.message })
    }
  }
  if (orb.options.node === undefined) {
    put('doctor.json', { findings: await findingsOf(orb, {}) })
    put('configuration.json', await settingsOf(orb, placesOf))
  }
  return files
}

async function settingsOf(orb: Orb, placesOf: Surroundings['placesOf']): Promise<Json> {
  try {
    const { configFile, settings } = await placesOf(orb.options)
    return { file: configFile ?? 'none', settings }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** The same without what is named like a secret, however deep. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const isSecret =
        typeof one === 'string' && (secretName.test(key) || (key === 'key' && secretKey.test(one)))
      return [key, isSecret ? '(taken out)' : withoutSecrets(one)]
    })
  )
}

async function write(to: string, files: ReadonlyMap<string, string>): Promise<void> {
  const { pack } = await import('tar-stream')
  const archive = pack()
  const out = createWriteStream(to, { mode: 0o600, flags: 'wx' })
  const written = once(out, 'close')
  const failed = new Promise<never>((_resolve, reject) => {
    out.once('error', error => {
      reject(new CommandFailure(exitStatus.refused, `it cannot be written: ${error.message}`))
    })
  })
  archive.pipe(createGzip()).pipe(out)
  for (const [name, content] of files) {
    const bytes = Buffer.from(content).subarray(0, fileBytesMax)
    archive.entry({ name: `orb-support/${name}`, mode: 0o600 }, bytes)
  }
  archive.finalize()
  await Promise.race([written, failed])
}
