// The daemon's configuration: one YAML file, validated once. Every path can be moved, so that several
// nodes can run on one machine.

import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import * as z from 'zod'
import { ConfigInvalidError } from '../core/errors.ts'

export const defaultConfigFile = '/etc/orbweaver/config.yaml'
export const defaultPoolDir = '/etc/orbweaver/pools.d'

/** Longest socket path that fits sun_path with its terminating zero (unix(7)). */
const socketPathBytesMax = 107

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const path = z
  .string({ error: 'must be an absolute path' })
  .regex(/^\//, { error: 'must be an absolute path' })

const socketPath = path.refine(text => Buffer.byteLength(text) <= socketPathBytesMax, {
  error: `must have at most ${socketPathBytesMax} bytes`
})

function seconds(from: number, to: number) {
  const error = `must be a number of seconds from ${from} to ${to}`
  return z.number({ error }).min(from, { error }).max(to, { error })
}

const schema = z
  .strictObject({
    nodeName: z
      .string({ error: 'must be the name of this node' })
      .min(1, { error: 'must not be empty' })
      .default(() => hostname()),
    stateDir: path.default('/var/lib/orbweaver'),
    socket: socketPath.default('/run/orbweaver/cni.sock'),
    adminSocket: socketPath.default('/run/orbweaver/admin.sock'),
    queueDir: path.optional(),
    poolDirs: z.array(path, { error: 'must be a list of absolute paths' }).optional(),
    bootIdFile: path.default('/proc/sys/kernel/random/boot_id'),
    lockWaitSeconds: seconds(0, 3600).default(30),
    log: z
      .strictObject({
        level: z
          .enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` })
          .default('info')
      })
      .prefault({}),
    cooldown: z
      .strictObject({
        seconds: seconds(0, 86_400).default(30),
        scarceSeconds: seconds(0, 86_400).default(5)
      })
      .prefault({}),
    reconcile: z
      .strictObject({
        everySeconds: seconds(0.05, 86_400).default(30),
        graceSeconds: seconds(0, 86_400).default(60)
      })
      .prefault({})
  })
  .refine(({ cooldown }) => cooldown.scarceSeconds <= cooldown.seconds, {
    path: ['cooldown', 'scarceSeconds'],
    error: 'must not be more than cooldown.seconds'
  })

export type DaemonConfig = Readonly<Omit<z.output<typeof schema>, 'queueDir'>> & {
  readonly queueDir: string
}

/** Read and validate a file. Throws ConfigInvalidError that names each key and what it may be. */
export function readConfig(file: string): DaemonConfig {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigInvalidError(file, [`cannot be read: ${String(error)}`])
  }
  return parseConfig(text, file)
}

/** As readConfig for text; `where` names it in errors. */
export function parseConfig(text: string, where: string): DaemonConfig {
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw new ConfigInvalidError(
      where,
      document.errors.map(({ message }) => message.trim())
    )
  }
  const parsed = schema.safeParse(document.toJS() ?? {})
  if (!parsed.success) throw new ConfigInvalidError(where, parsed.error.issues.map(problemOf))
  const { queueDir, ...config } = parsed.data
  return { ...config, queueDir: queueDir ?? join(config.stateDir, 'queue') }
}

/** What there is without any file. */
export function defaultConfig(): DaemonConfig {
  return parseConfig('', 'defaults')
}

function problemOf(issue: z.core.$ZodIssue): string {
  const key = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = key === '' ? schema.shape : undefined
    const names = issue.keys.map(name => (key === '' ? name : `${key}.${name}`)).join(', ')
    const hint = known === undefined ? '' : `; known keys are ${Object.keys(known).join(', ')}`
    return `${names}: unknown key${hint}`
  }
  return `${key === '' ? 'the file' : key}: ${issue.message}`
}
