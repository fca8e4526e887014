// Get from Debian what the tests and the demo run: real container runtimes and network tools. What is
// there already is left alone, nothing is ever removed, and no service is started.

import { execFile } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

const waitForLock = ['-o', 'DPkg::Lock::Timeout=120']

interface Package {
  /** Found in PATH, or an absolute path: the package counts as there when this is, whoever brought it. */
  readonly program: string
  readonly why: string
  /** Units that Debian would start with the machine once the package is installed. */
  readonly units?: readonly string[]
}

const packages = {
  iproute2: { program: 'ip', why: 'links, addresses and routes in network namespaces' },
  'iputils-ping': { program: 'ping', why: 'whether pods reach each other' },
  'containernetworking-plugins': {
    program: '/usr/lib/cni/macvlan',
    why: 'the main plugins macvlan, bridge and ptp'
  },
  containerd: {
    program: 'containerd',
    why: 'the runtime under Kubernetes, with its CRI service',
    units: ['containerd.service']
  },
  runc: { program: 'runc', why: 'starts the containers of both runtimes' },
  podman: {
    program: 'podman',
    why: 'a runtime with another way to use CNI',
    units: [
      'podman.service',
      'podman.socket',
      'podman-restart.service',
      'podman-auto-update.service',
      'podman-auto-update.timer'
    ]
  },
  conmon: { program: 'conmon', why: 'holds the containers of podman' },
  'busybox-static': { program: '/bin/busybox', why: 'all that is inside the containers' },
  nftables: { program: 'nft', why: 'packet filters, to cut links in tests' },
  chromium: { program: '/usr/bin/chromium', why: 'looks at the web page in its tests' },
  zsh: { program: 'zsh', why: 'reads the completion of orb that is for it' },
  fish: { program: 'fish', why: 'and this one its own' },
  'musl-tools': { program: 'musl-gcc', why: 'builds the static plugin' }
} satisfies Record<string, Package>

export type PackageName = keyof typeof packages

export interface SetupOptions {
  readonly packages?: readonly PackageName[]
  readonly print?: (line: string) => void
}

export interface SetupOutcome {
  readonly missing: readonly PackageName[]
}

/** Install what is missing of these packages, and say for each how it stands. */
export async function setup(options: SetupOptions = {}): Promise<SetupOutcome> {
  const { packages: names = Object.keys(packages) as PackageName[], print = console.log } = options
  const absent = names.filter(name => !isThere(name))
  const obstacle = absent.length > 0 ? await obstacleToInstalling() : undefined
  let complaints: readonly string[] = []
  if (absent.length > 0 && obstacle === undefined) {
    print(`installing with apt-get: ${absent.join(' ')}`)
    complaints = await install(absent)
  }
  const missing = absent.filter(name => !isThere(name))

  const width = Math.max(...names.map(name => name.length))
  const whyWidth = Math.max(...names.map(name => packages[name].why.length))
  for (const name of names) {
    const found = absent.includes(name) ? 'installed' : 'already there'
    const state = missing.includes(name) ? 'MISSING' : found
    print(`${name.padEnd(width)}  ${packages[name].why.padEnd(whyWidth)}  ${state}`)
  }
  if (missing.length > 0) {
    print(`missing: ${missing.join(' ')}${obstacle === undefined ? '' : ` (${obstacle})`}`)
    for (const complaint of complaints) print(`  ${complaint}`)
  }
  return { missing }
}

function isThere(name: PackageName): boolean {
  return isProgram(packages[name].program)
}

/** Can it be run? A name is looked up in PATH and where only root looks; else it is an absolute path. */
export function isProgram(program: string): boolean {
  if (isAbsolute(program)) return isExecutable(program)
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return directories.some(directory => isExecutable(join(directory, program)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function obstacleToInstalling(): Promise<string | undefined> {
  if ((await execute('apt-get', ['--version'])).failed) return 'there is no apt-get here'
  if (process.getuid?.() !== 0) return 'only root can install them'
  return undefined
}

/** What apt-get complained about. */
async function install(names: readonly PackageName[]): Promise<readonly string[]> {
  const allowServices = forbidServices()
  try {
    // Package lists can be missing, or too old for what the mirror still has.
    if ((await aptGetInstall(names)).length === 0) return []
    await execute('apt-get', ['-q', ...waitForLock, 'update'])
    // One by one, so that a package that cannot be had does not keep the others away.
    const complaints: string[] = []
    for (const name of names) complaints.push(...(await aptGetInstall([name])))
    return complaints
  } finally {
    allowServices()
    for (const name of names) await disableUnits(packages[name])
  }
}

async function aptGetInstall(names: readonly string[]): Promise<readonly string[]> {
  // Without --no-remove apt would rather take another vendor's containerd away than fail.
  const options = ['-y', '-q', ...waitForLock, '--no-install-recommends', '--no-remove']
  const { failed, output } = await execute('apt-get', [...options, 'install', ...names])
  if (!failed) return []
  const errors = output.split('\n').filter(line => line.startsWith('E: '))
  return errors.length > 0 ? errors : [`apt-get install ${names.join(' ')} failed`]
}

/**
 * Debian starts a service as soon as it is installed, unless this file says no. One that is there
 * already is the word of whoever runs this machine, and stays.
 */
function forbidServices(): () => void {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return () => {}
  writeFileSync(
    policy,
    '#!/bin/sh\n# Here while the setup of orbweaver installs packages.\nexit 101\n'
  )
  chmodSync(policy, 0o755)
  return () => rmSync(policy, { force: true })
}

/** The tests start their own; nobody asked for one at the next start of the machine. */
async function disableUnits({ units = [] }: Package): Promise<void> {
  if (units.length > 0) await execute('systemctl', ['disable', '--now', ...units])
}

function execute(
  command: string,
  args: readonly string[]
): Promise<{ readonly failed: boolean; readonly output: string }> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
  return new Promise(resolve => {
    execFile(command, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, output: `${stdout}\n${stderr}` })
    })
  })
}

if (import.meta.main) {
  const { missing } = await setup()
  if (missing.length > 0) process.exitCode = 1
}
