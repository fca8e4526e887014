// The subcommands of `orbweaverd`.

import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  type DaemonConfig,
  defaultConfig,
  defaultConfigFile,
  readConfig
} from './config/daemon-config.ts'
import { errorCodeOf, messageOf } from './core/error-text.ts'
import { OrbweaverError } from './core/errors.ts'
import { release } from './release.ts'

const usage = `orbweaverd ${release}: addresses for pods, answered from this node's own state

  orbweaverd [run]         run the daemon
  orbweaverd check-config  read the configuration and say what is wrong with it
  orbweaverd install       install the CNI plugin and its network configuration, and leave them there
  orbweaverd uninstall     remove both again, the network configuration first; refused while another one
                           names the plugin, since its pods could not be deleted any more
  orbweaverd cluster-key FILE
                           make the key that all nodes of a cluster share; bring it to each of them
  orbweaverd import FILE ...
                           print what keeps the addresses of Spiderpool's running pods from being handed out;
                           the files are what kubectl get spiderippools -o json printed
  orbweaverd version

to the daemon that runs on this node, the same as in orb, which has more:
  orbweaverd status        whether it serves, and if not why
  orbweaverd blocks        which addresses belong to which node
  orbweaverd peers         the other nodes and whether they can be reached
  orbweaverd registry      the records of the cluster
  orbweaverd transfer ADDRESS
                           bring a free address here
  orbweaverd drain         hand out nothing more and give all free addresses to others
  orbweaverd undrain       hand out addresses again
  orbweaverd remove NODE   give the addresses of a machine that is off for good to this node; pods that
                           still run there would share them
  orbweaverd resolve ADDRESS NODE
                           decide who owns an address that two nodes claim

  --config FILE      the configuration (default ${defaultConfigFile}; without that file, built-in defaults)
  --json             what the daemon answers, for programs

for remove:
  --vouched-by NAME  who knows that the machine is off; asked for at a terminal
  --heir NODE        who takes over, instead of this node

for run:
  --install          install the plugin first and, once this node serves, the network configuration; both
                     stay when the daemon ends

for import:
  --live             also what is found in the network namespaces of this machine

for install, uninstall and run --install:
  --bin-dir DIR      where the runtime looks for plugins (default /opt/cni/bin)
  --conf-dir DIR     where the runtime looks for networks (default /etc/cni/net.d)
  --conflist FILE    the network configuration to install, last of all; none when absent
  --drop-in          also under the name spiderpool, for configurations that name it; another program
                     of that name is neither replaced nor removed
`

const options = {
  config: { type: 'string' },
  'bin-dir': { type: 'string', default: '/opt/cni/bin' },
  'conf-dir': { type: 'string', default: '/etc/cni/net.d' },
  conflist: { type: 'string' },
  'drop-in': { type: 'boolean', default: false },
  install: { type: 'boolean', default: false },
  live: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  'vouched-by': { type: 'string' },
  heir: { type: 'string' },
  help: { type: 'boolean', default: false }
} as const

/** Subcommands that are commands of `orb` as well: the same under both names. */
const aliases: Readonly<Record<string, { orb: readonly string[]; operands: readonly string[] }>> = {
  status: { orb: ['status'], operands: [] },
  blocks: { orb: ['blocks'], operands: [] },
  peers: { orb: ['peers'], operands: [] },
  registry: { orb: ['registry'], operands: [] },
  drain: { orb: ['node', 'drain', '--no-wait'], operands: [] },
  undrain: { orb: ['node', 'undrain'], operands: [] },
  remove: { orb: ['node', 'remove'], operands: ['NODE'] },
  resolve: { orb: ['resolve'], operands: ['ADDRESS', 'NODE'] },
  transfer: { orb: ['transfer'], operands: ['ADDRESS'] }
}

/** Run one command; the exit status, 2 when there is none like it. */
export async function runCommand(args: string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [command = 'run', ...more] = positionals
    if (values.help) return show(usage, 0)
    if (command === 'cluster-key') return await clusterKeyAt(more)
    if (command === 'import') return await importFrom(more, values)
    if (Object.hasOwn(aliases, command)) return await asOrb(command, more, values)
    if (more.length > 0) return misused(`one command at a time, not ${positionals.join(' ')}`)
    switch (command) {
      case 'run': {
        const { runDaemon } = await import('./daemon.ts')
        const { installationAt } = await import('./installation.ts')
        const installation = values.install ? installationAt(placesOf(values)) : undefined
        return await runDaemon(configOf(values.config), {}, installation)
      }
      case 'check-config':
        return show(`${JSON.stringify(configOf(values.config), undefined, 2)}\n`, 0)
      case 'install': {
        const { installPlugin } = await import('./host/install-plugin.ts')
        return show(installPlugin(placesOf(values)), 0)
      }
      case 'uninstall': {
        const { uninstallPlugin } = await import('./host/install-plugin.ts')
        return show(uninstallPlugin(placesOf(values)), 0)
      }
      case 'version':
        return show(`${release}\n`, 0)
      default:
        return misused(`no command ${command}`)
    }
  } catch (error) {
    if (errorCodeOf(error)?.startsWith('ERR_PARSE_ARGS')) return misused(messageOf(error))
    console.error(`orbweaverd: ${describe(error)}`)
    return 1
  }
}

async function clusterKeyAt([file, ...more]: string[]): Promise<number> {
  if (file === undefined || more.length > 0) return misused('it is: orbweaverd cluster-key FILE')
  const { makeClusterKey } = await import('./mesh/cluster-key.ts')
  makeClusterKey(file)
  return show(`made ${file}; copy it to every node of the cluster, readable by root only\n`, 0)
}

async function importFrom(
  files: string[],
  { live, config }: { live: boolean; config?: string | undefined }
): Promise<number> {
  if (files.length === 0) return misused('it is: orbweaverd import FILE ...')
  const { importInUse } = await import('./import.ts')
  const { bootIdFile, namespaceDirs } = configOf(config)
  const { text, summary, problems } = await importInUse({ files, live, bootIdFile, namespaceDirs })
  const lines = [...summary, ...problems.map(problem => `orbweaverd: ${problem}`)]
  process.stderr.write(lines.map(line => `${line}\n`).join(''))
  return problems.length > 0 ? 1 : show(text, 0)
}

async function asOrb(
  name: string,
  given: string[],
  values: {
    config?: string | undefined
    json: boolean
    'vouched-by'?: string | undefined
    heir?: string | undefined
  }
): Promise<number> {
  const { orb = [], operands = [] } = aliases[name] ?? {}
  if (given.length !== operands.length) {
    return misused(`it is: orbweaverd ${[name, ...operands].join(' ')}`)
  }
  const { config, json, heir, 'vouched-by': vouchedBy } = values
  const { orbCommand } = await import('./orb-command.ts')
  const args = [
    ...orb,
    ...(config === undefined ? [] : ['--config', config]),
    ...(vouchedBy === undefined ? [] : ['--vouched-by', vouchedBy]),
    ...(heir === undefined ? [] : ['--heir', heir]),
    ...(json ? ['--json'] : []),
    '--',
    ...given
  ]
  return await orbCommand(args, 'orbweaverd')
}

function configOf(file: string | undefined): DaemonConfig {
  if (file !== undefined) return readConfig(file)
  return existsSync(defaultConfigFile) ? readConfig(defaultConfigFile) : defaultConfig()
}

function placesOf(values: {
  'bin-dir': string
  'conf-dir': string
  conflist?: string | undefined
  'drop-in': boolean
}) {
  return {
    binDir: values['bin-dir'],
    confDir: values['conf-dir'],
    ...(values.conflist !== undefined && { conflist: values.conflist }),
    dropIn: values['drop-in']
  }
}

function show(text: string, status: number): number {
  process[status === 0 ? 'stdout' : 'stderr'].write(text)
  return status
}

function misused(problem: string): number {
  return show(`orbweaverd: ${problem}\n\n${usage}`, 2)
}

/** What went wrong for a person; with the way there when it is a mistake of ours. */
function describe(error: unknown): string {
  if (!(error instanceof Error) || error instanceof OrbweaverError) return messageOf(error)
  return error.stack ?? error.message
}
