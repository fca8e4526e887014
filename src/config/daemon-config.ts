// The daemon's configuration: one YAML file, validated once. Every path can be moved, so that several
// nodes can run on one machine.

import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import * as v from 'valibot'
import { ConfigInvalidError } from '../core/errors.ts'
import type { FixedKinds } from '../core/selection/identity.ts'
import type { NetworkSettings } from '../core/selection/networks.ts'
import { type HttpConfig, httpSection } from './http-config.ts'
import { type NodeEnvironment, placeMesh, readNodeEnvironment } from './node-environment.ts'
import { absolutePath, isSection, seconds } from './values.ts'

export const defaultConfigFile = '/etc/orbweaver/config.yaml'
export const defaultPoolDir = '/etc/orbweaver/pools.d'

/**
 * Longest socket path that fits sun_path with its terminating zero (unix(7)), less what the name that it is
 * made under may be longer.
 */
const socketPathBytesMax = 99

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const socketPath = v.pipe(
  absolutePath,
  v.maxBytes(socketPathBytesMax, `must have at most ${socketPathBytesMax} bytes`)
)

const isCount = 'must be a whole number from 0 to 1000'

const isRegistrar = 'must be true or false, or the name of the node that is the registrar'

const sections = {
  log: v.strictObject(
    { level: v.optional(v.picklist(logLevels, `must be one of ${logLevels.join(', ')}`), 'info') },
    isSection
  ),
  cooldown: v.strictObject(
    {
      seconds: v.optional(seconds(0, 86_400), 30),
      scarceSeconds: v.optional(seconds(0, 86_400))
    },
    isSection
  ),
  mesh: v.strictObject(
    {
      listen: v.pipe(
        v.array(v.string(), 'must be a list of multiaddresses'),
        v.minLength(1, 'must name an address to listen on: /ip4/0.0.0.0/tcp/7946')
      ),
      announce: v.optional(v.array(v.string(), 'must be a list of multiaddresses'), []),
      peers: v.optional(v.array(v.string(), 'must be a list of multiaddresses'), []),
      mdns: v.optional(v.boolean('must be true or false'), false),
      keyFile: v.optional(absolutePath, '/etc/orbweaver/cluster.key'),
      registrar: v.optional(
        v.union([v.boolean(), v.pipe(v.string(), v.nonEmpty())], isRegistrar),
        false
      ),
      confirm: v.optional(v.picklist(['reachable', 'all'], 'must be reachable or all'), 'reachable')
    },
    isSection
  ),
  http: httpSection,
  detection: v.strictObject(
    {
      conflict: v.optional(v.boolean('must be true or false'), false),
      gateway: v.optional(v.boolean('must be true or false'), false),
      budgetSeconds: v.optional(seconds(0.05, 60), 3)
    },
    isSection
  ),
  fixedAddresses: v.strictObject(
    {
      statefulSets: v.optional(v.boolean('must be true or false'), true),
      virtualMachines: v.optional(v.boolean('must be true or false'), true),
      keepSeconds: v.optional(seconds(0, 31_536_000))
    },
    isSection
  ),
  subnets: v.strictObject(
    {
      spareAddresses: v.optional(
        v.pipe(
          v.number(isCount),
          v.integer(isCount),
          v.minValue(0, isCount),
          v.maxValue(1_000, isCount)
        ),
        1
      )
    },
    isSection
  ),
  multus: v.strictObject(
    {
      clusterNetwork: v.optional(
        v.pipe(
          v.string('must be a network as namespace/name'),
          v.regex(/^[^/]+\/[^/]+$/, 'must be a network as namespace/name')
        )
      ),
      namespace: v.optional(
        v.pipe(v.string('must be a namespace'), v.nonEmpty('must be a namespace')),
        'kube-system'
      )
    },
    isSection
  ),
  reconcile: v.strictObject(
    {
      everySeconds: v.optional(seconds(0.05, 86_400), 30),
      graceSeconds: v.optional(seconds(0, 86_400), 60)
    },
    isSection
  )
}

const schema = v.strictObject(
  {
    nodeName: v.optional(
      v.pipe(v.string('must be the name of this node'), v.nonEmpty('must not be empty'))
    ),
    stateDir: v.optional(absolutePath, '/var/lib/orbweaver'),
    socket: v.optional(socketPath, '/run/orbweaver/cni.sock'),
    adminSocket: v.optional(socketPath, '/run/orbweaver/admin.sock'),
    queueDir: v.optional(absolutePath),
    poolDirs: v.optional(v.array(absolutePath, 'must be a list of absolute paths')),
    factsDirs: v.optional(v.array(absolutePath, 'must be a list of absolute paths'), []),
    machineIdFile: v.optional(absolutePath, '/etc/machine-id'),
    bootIdFile: v.optional(absolutePath, '/proc/sys/kernel/random/boot_id'),
    resultCacheDir: v.optional(absolutePath, '/var/lib/cni'),
    namespaceDirs: v.optional(v.array(absolutePath, 'must be a list of absolute paths')),
    lockWaitSeconds: v.optional(seconds(0, 3600), 30),
    log: v.optional(sections.log, {}),
    mesh: v.optional(sections.mesh),
    http: v.optional(sections.http),
    cooldown: v.optional(sections.cooldown, {}),
    reconcile: v.optional(sections.reconcile, {}),
    detection: v.optional(sections.detection, {}),
    fixedAddresses: v.optional(sections.fixedAddresses, {}),
    subnets: v.optional(sections.subnets, {}),
    multus: v.optional(sections.multus, {})
  },
  'must be a file of keys and values'
)

/** The least cool-down under scarcity, unless the whole of it is shorter. */
const scarceSecondsDefault = 5

export interface MeshConfig {
  /** Multiaddresses. */
  readonly listen: readonly string[]
  /** What others are told instead of what is listened on; empty: the same. */
  readonly announce: readonly string[]
  /** Where some other nodes are. */
  readonly peers: readonly string[]
  readonly mdns: boolean
  readonly keyFile: string
  /** This node keeps the registry, and founds the cluster when there is none. */
  readonly registrar: boolean
  readonly confirm: 'reachable' | 'all'
}

export interface DaemonConfig {
  readonly nodeName: string
  readonly stateDir: string
  readonly socket: string
  readonly adminSocket: string
  readonly queueDir: string
  /** Absent: the usual directory when it is there, else the embedded sample. */
  readonly poolDirs?: readonly string[]
  /** Directories of Kubernetes objects; none: of pods is known what the runtime tells. */
  readonly factsDirs: readonly string[]
  readonly bootIdFile: string
  /** Tells this machine from others; a file that is missing or empty tells nothing. */
  readonly machineIdFile: string
  /** Where runtimes keep the results of ADD: asked for living pods when the database is lost. */
  readonly resultCacheDir: string
  /** Where this node's network namespaces are, when it is not the only node of its machine. Absent: everywhere. */
  readonly namespaceDirs?: readonly string[]
  readonly lockWaitSeconds: number
  readonly log: { readonly level: string }
  /** Absent: this node is alone. */
  readonly mesh?: MeshConfig
  /** Absent: HTTP is served at the admin socket alone. */
  readonly http?: HttpConfig
  readonly cooldown: { readonly seconds: number; readonly scarceSeconds: number }
  readonly reconcile: { readonly everySeconds: number; readonly graceSeconds: number }
  /** What is looked for on a pod's link where neither pool nor network says. */
  readonly detection: {
    readonly conflict: boolean
    readonly gateway: boolean
    readonly budgetSeconds: number
  }
  /** Whose pods keep their addresses; without `keepSeconds` for as long as their owner is there. */
  readonly fixedAddresses: FixedKinds & { readonly keepSeconds?: number | undefined }
  /** How many addresses beyond its pods an application reserves that does not say. */
  readonly subnets: { readonly spareAddresses: number }
  /** What names of networks in pools mean. */
  readonly multus: NetworkSettings
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
export function parseConfig(
  text: string,
  where: string,
  around: NodeEnvironment = readNodeEnvironment(process.env)
): DaemonConfig {
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw new ConfigInvalidError(
      where,
      document.errors.map(({ message }) => message.trim())
    )
  }
  const root: unknown = document.toJS() ?? {}
  if (Array.isArray(root)) {
    throw new ConfigInvalidError(where, ['the file: must be a file of keys and values, not a list'])
  }
  const parsed = v.safeParse(schema, root)
  if (!parsed.success) throw new ConfigInvalidError(where, parsed.issues.map(problemOf))
  const {
    queueDir,
    poolDirs,
    namespaceDirs,
    cooldown,
    multus,
    http,
    mesh: written,
    ...config
  } = parsed.output
  const { nodeName = around.nodeName ?? hostname() } = config
  const mesh = written && placeMesh(written, nodeName, around)
  const { clusterNetwork, namespace } = multus
  const { seconds, scarceSeconds = Math.min(scarceSecondsDefault, seconds) } = cooldown
  if (scarceSeconds > seconds) {
    throw new ConfigInvalidError(where, [
      'cooldown.scarceSeconds: must not be more than cooldown.seconds'
    ])
  }
  if (mesh !== undefined && !mesh.registrar && mesh.peers.length === 0 && !mesh.mdns) {
    throw new ConfigInvalidError(where, [
      'mesh: needs one of peers (an address of another node), mdns: true, or registrar: true on the one node that keeps the registry'
    ])
  }
  return {
    ...config,
    ...(mesh !== undefined && { mesh }),
    ...(http !== undefined && { http }),
    nodeName,
    queueDir: queueDir ?? join(config.stateDir, 'queue'),
    cooldown: { seconds, scarceSeconds },
    multus: { namespace, ...(clusterNetwork !== undefined && { clusterNetwork }) },
    ...(poolDirs !== undefined && { poolDirs }),
    ...(namespaceDirs !== undefined && { namespaceDirs })
  }
}

/** What there is without any file. */
export function defaultConfig(): DaemonConfig {
  return parseConfig('', 'defaults')
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  const path = issue.path?.map(({ key }) => String(key)) ?? []
  const key = path.join('.')
  if (issue.expected !== 'never') return `${key === '' ? 'the file' : key}: ${issue.message}`
  const section = path.length > 1 ? sections[path[0] as keyof typeof sections] : schema
  return `${key}: unknown key; known are ${Object.keys(section.entries).join(', ')}`
}
