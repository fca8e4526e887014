// The programs that are executed side by side, each as a container runtime would.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Daemon } from '../../test/support/daemon.ts'
import type { Pool } from '../../test/support/ipam.ts'
import { buildEmpty, pluginPath } from './build.ts'
import { Command, reap } from './command.ts'
import { nextContainerId } from './container-ids.ts'
import { macvlanConf, netconf } from './node-daemon.ts'
import type { OutputPipe } from './output-pipe.ts'
import type { Stage } from './stage.ts'

const hostLocalPath = '/usr/lib/cni/host-local'

export interface Contestant {
  readonly add: Command
  readonly del: Command
}

/** What every contestant of a run shares. */
export interface Arena {
  readonly stage: Stage
  readonly output: OutputPipe
}

export function orbweaver(arena: Arena, daemon: Daemon, pool: Pool): Contestant {
  return contestant(arena, [pluginPath], netconf(daemon, pool), daemon.dir, pool.name)
}

/** Its state is in `dataDir`, where it makes a directory of the network's name. */
export function hostLocal(arena: Arena, dataDir: string): Contestant {
  if (!existsSync(hostLocalPath)) {
    throw new Error(`${hostLocalPath} is missing: apt-get install containernetworking-plugins`)
  }
  const ranges = [[{ subnet: '10.0.0.0/8' }]]
  const conf = macvlanConf({ type: 'host-local', dataDir, ranges })
  return contestant(arena, [hostLocalPath], conf, dirname(dataDir), 'host-local')
}

export function emptyBinary(arena: Arena): Command {
  const directory = arena.stage.directory('empty')
  return contestant(arena, [buildEmpty(directory)], macvlanConf({}), directory, 'empty').add
}

/** A plugin that does nothing but read its configuration and print an answer, in Node. */
export function nodeScript(arena: Arena): Command {
  const directory = arena.stage.directory('script')
  const script = join(directory, 'plugin.cjs')
  writeFileSync(
    script,
    `const { cniVersion } = JSON.parse(require('fs').readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify({ cniVersion, ips: [{ address: '10.0.0.10/8' }], dns: {} }))
`
  )
  return contestant(arena, [process.execPath, script], macvlanConf({}), directory, 'script').add
}

function contestant(
  { stage, output }: Arena,
  argv: readonly [string, ...string[]],
  conf: string,
  directory: string,
  name: string
): Contestant {
  mkdirSync(directory, { recursive: true })
  const stdin = join(directory, `${name}.json`)
  writeFileSync(stdin, conf)
  const command = (verb: 'ADD' | 'DEL') =>
    new Command({
      argv,
      env: {
        CNI_COMMAND: verb,
        CNI_CONTAINERID: nextContainerId(),
        CNI_NETNS: stage.netns,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/opt/cni/bin',
        CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=bench;K8S_POD_NAME=pod-0'
      },
      stdin,
      stdout: output.writer,
      changing: 'CNI_CONTAINERID'
    })
  return { add: command('ADD'), del: command('DEL') }
}

/** One run that has to print an address, in microseconds. */
export function timeAnswer(command: Command, output: OutputPipe): number {
  const us = command.time()
  addressesIn(output.take(), 1)
  return us
}

/** One ADD, timed in microseconds, and one DEL that takes it back. */
export function timePair({ add, del }: Contestant, output: OutputPipe) {
  const id = nextContainerId()
  add.prepare(id)
  del.prepare(id)
  return { addUs: timeAnswer(add, output), delUs: del.time() }
}

export interface Burst {
  readonly count: number
  readonly atOnce: number
  /** Start no more after that. */
  readonly secondsMax?: number
}

/** Many ADDs with some in flight all the time; ADDs a second. Each must answer with an address of its own. */
export function addMany({ add }: Contestant, burst: Burst, output: OutputPipe): number {
  const { count, atOnce, secondsMax = Infinity } = burst
  const ours = new Set<number>()
  let text = ''
  let started = 0
  const start = process.hrtime.bigint()
  const seconds = () => Number(process.hrtime.bigint() - start) / 1e9
  for (let ended = 0; ended === 0 || ended < started; ended++) {
    while (started < count && started - ended < atOnce && seconds() < secondsMax) {
      add.prepare(nextContainerId())
      ours.add(add.spawn())
      started += 1
    }
    const { pid, code } = reap(-1)
    if (!ours.delete(pid)) throw new Error(`process ${pid} has ended: it may be the daemon`)
    text += output.take()
    if (code !== 0) throw new Error(`an ADD ended with ${code}: ${text.slice(-500)}`)
  }
  const rate = started / seconds()
  addressesIn(text, started)
  return rate
}

function addressesIn(text: string, count: number): void {
  const addresses = new Set(
    [...text.matchAll(/"address":\s*"([^"]+)"/g)].map(([, address]) => address)
  )
  if (addresses.size === count) return
  throw new Error(`${count} answers should hold as many addresses: ${text.slice(0, 500)}`)
}
