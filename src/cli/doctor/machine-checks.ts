// What can be seen on the machine itself, whether a daemon runs or not: sockets, disk, files, clock, kernel.

import { accessSync, constants, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { release } from 'node:os'
import { join } from 'node:path'
import { chainedSocket } from '../../core/chained-socket.ts'
import { errorCodeOf, messageOf } from '../../core/error-text.ts'
import type { Places } from '../orb.ts'
import { type Finding, ok, wrong } from './finding.ts'

/** A database that cannot grow refuses every ADD; a log line more should not fill the disk either. */
const freeBytesMin = 64 * 1024 * 1024
const freeShareMin = 0.05

/** A daemon on a busy machine accepts in milliseconds. */
const connectMs = 2_000

export async function socketFindings({ socket, adminSocket }: Places): Promise<Finding[]> {
  const chained = chainedSocket(socket)
  return [
    await socketFinding('cni socket', socket, 'plugins cannot ask the daemon'),
    await socketFinding('chained socket', chained, 'coordinator and ifacer cannot ask the daemon'),
    await socketFinding('admin socket', adminSocket, 'nobody can ask the daemon')
  ]
}

async function socketFinding(check: string, path: string, means: string): Promise<Finding> {
  const start =
    'start the daemon (systemctl status orbweaver, or the pod of the DaemonSet) and read its log'
  try {
    const mode = statSync(path).mode & 0o777
    if ((mode & 0o077) !== 0) {
      const what = `${path} has mode ${mode.toString(8)}: others than root may open it`
      return wrong(check, 'problem', what, `find out who has changed it; chmod 600 ${path}`)
    }
  } catch (error) {
    return wrong(check, 'problem', `${path}: ${messageOf(error)}; ${means}`, start)
  }
  const problem = await connectProblem(path)
  if (problem === undefined) return ok(check, `${path} answers`)
  return wrong(check, 'problem', `${path}: ${problem}; ${means}`, start)
}

function connectProblem(path: string): Promise<string | undefined> {
  return new Promise(resolve => {
    const connection = connect(path)
    const settle = (problem: string | undefined) => {
      connection.destroy()
      resolve(problem)
    }
    connection.setTimeout(connectMs, () => settle(`nobody accepts within ${connectMs} ms`))
    connection.once('connect', () => settle(undefined))
    connection.once('error', error => settle(messageOf(error)))
  })
}

export function diskFindings({ stateDir, queueDir }: Places): Finding[] {
  return [diskFinding(stateDir), queueFinding(queueDir)]
}

function diskFinding(stateDir: string): Finding {
  const check = 'disk'
  try {
    accessSync(stateDir, constants.W_OK)
    const { bavail, blocks, bsize, ffree, files } = statfsSync(stateDir)
    const [free, size] = [bavail * bsize, blocks * bsize]
    const what = `${stateDir} has ${Math.floor(free / 1_048_576)} MiB free of ${Math.floor(size / 1_048_576)}`
    const todo = 'make room on this file system: without it no pod gets an address'
    if (free < freeBytesMin) return wrong(check, 'problem', what, todo)
    if (free < size * freeShareMin) return wrong(check, 'warning', what, todo)
    if (files > 0 && ffree === 0) return wrong(check, 'problem', `${what}, and no inodes`, todo)
    return ok(check, what)
  } catch (error) {
    const what = `${stateDir}: ${messageOf(error)}`
    return wrong(check, 'problem', what, 'create it (mode 0700), or name another one as stateDir')
  }
}

function queueFinding(queueDir: string): Finding {
  const check = 'deletion queue'
  try {
    const names = readdirSync(queueDir)
    const refused = names.filter(name => name.endsWith('.del.refused')).length
    const waiting = names.filter(name => name.endsWith('.del')).length
    if (refused > 0) {
      const what = `${refused} files in ${queueDir} are no requests`
      return wrong(check, 'warning', what, 'look at the *.refused files, then remove them')
    }
    if (waiting === 0) return ok(check, 'nothing waits')
    const what = `${waiting} DELs wait in ${queueDir}`
    return wrong(check, 'warning', what, 'they are done when the daemon runs; else read its log')
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return ok(check, 'nothing has ever waited')
    return wrong(check, 'unknown', messageOf(error), `look at ${queueDir}`)
  }
}

export function keyFindings({ keyFile }: Places): Finding[] {
  if (keyFile === undefined) return [ok('cluster key', 'this node is alone and needs none')]
  try {
    const mode = statSync(keyFile).mode & 0o777
    if ((mode & 0o077) === 0) return [ok('cluster key', `${keyFile} is for root alone`)]
    const what = `${keyFile} has mode ${mode.toString(8)}`
    return [wrong('cluster key', 'problem', what, `chmod 600 ${keyFile}; who has read it can join`)]
  } catch (error) {
    const todo = 'bring the key of the cluster here from another node, mode 0600'
    return [wrong('cluster key', 'problem', messageOf(error), todo)]
  }
}

/** The programs that set clocks leave one of these. */
const clockFiles = [
  '/run/systemd/timesync/synchronized',
  '/run/chrony/chronyd.pid',
  '/run/chronyd.pid',
  '/run/ntpd.pid'
]

/** `latest`: of what is written down here, the time that was last. */
export function clockFindings(nowMs: number, latest: number | undefined): Finding[] {
  const check = 'clock'
  if (latest !== undefined && latest > nowMs + 60_000) {
    const what = `it is ${new Date(nowMs).toISOString()} here, and a record of the cluster is from later`
    return [
      wrong(check, 'warning', what, 'set the clock: times in logs of nodes cannot be compared')
    ]
  }
  const keeper = clockFiles.find(exists)
  if (keeper !== undefined) return [ok(check, `it is kept (${keeper})`)]
  const todo = 'run chrony or systemd-timesyncd; nothing is decided by this clock, only told'
  return [wrong(check, 'unknown', 'nothing is seen here that keeps it', todo)]
}

/** Links of pods are made of these; which, says the main plugin of the network. */
const modules = ['macvlan', 'ipvlan', '8021q', 'bonding']

export function kernelFindings(root = '/'): Finding[] {
  const version = release()
  const known = ['modules.builtin', 'modules.dep']
    .map(name => readText(join(root, 'lib/modules', version, name)))
    .join('\n')
  const missing = modules.filter(
    name =>
      !exists(join(root, 'sys/module', name.replace('-', '_'))) &&
      !new RegExp(`/${name}\\.ko`).test(known)
  )
  const check = 'kernel modules'
  if (missing.length === 0) return [ok(check, `${modules.join(', ')} are there`)]
  const what = `kernel ${version} shows no ${missing.join(', ')}`
  const todo = 'fine where no network needs them; else install the modules of this kernel'
  return [wrong(check, 'warning', what, todo)]
}

function exists(path: string): boolean {
  try {
    statSync(path)
    return true
  } catch {
    return false
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
