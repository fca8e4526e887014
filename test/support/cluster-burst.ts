// Nodes that start all their pods at once: each node's runtime executes the plugin for its own queue of pods,
// a bounded number at a time. Nothing of ours runs between but posix_spawn and waitpid.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nextContainerId } from '../../scripts/bench/container-ids.ts'
import { Command, reap } from '../../scripts/bench/command.ts'
import { OutputPipe } from '../../scripts/bench/output-pipe.ts'
import { plugin } from './ipam.ts'

export interface Queue {
  readonly name: string
  /** A file with the network configuration. */
  readonly conf: string
  readonly ids: readonly string[]
}

export interface BurstOptions {
  readonly verb: 'ADD' | 'DEL'
  readonly queues: readonly Queue[]
  /** Executions at a time, of each queue. */
  readonly atOnce: number
  /** CNI_NETNS of every pod. */
  readonly netns: string
}

export interface BurstOutcome {
  readonly ms: number
  /** How long each execution took, by queue. */
  readonly times: ReadonlyMap<string, readonly number[]>
  /** What ADDs were given, in no order; doubles are in it as often as they were given. */
  readonly addresses: readonly string[]
  /** What those have printed that ended badly. */
  readonly failures: readonly string[]
}

/** Pods of a node, and how the plugin is told of them. */
export function queueOf(name: string, dir: string, netconf: string, pods: number): Queue {
  const conf = join(dir, `${name}.json`)
  writeFileSync(conf, netconf)
  return { name, conf, ids: Array.from({ length: pods }, () => nextContainerId()) }
}

/** Execute everything; nothing else of this process runs meanwhile. */
export function runBurst({ verb, queues, atOnce, netns }: BurstOptions): BurstOutcome {
  using output = new OutputPipe()
  const lines = queues.map(queue => new Line(queue, { verb, netns, stdout: output.writer }))
  const running = new Map<number, Line>()
  const failures: string[] = []
  const addresses: string[] = []
  const began = performance.now()
  const fill = (line: Line) => {
    while (line.running < atOnce && line.hasMore) running.set(line.spawn(), line)
  }
  for (const line of lines) fill(line)
  while (running.size > 0) {
    const { pid, code } = reap(-1)
    const line = running.get(pid)
    if (line === undefined) throw new Error(`process ${pid} has ended: it may be a daemon`)
    running.delete(pid)
    line.ended(pid)
    fill(line)
    const text = output.take()
    for (const [, address = ''] of text.matchAll(/"address":\s*"([^"/]+)/g)) addresses.push(address)
    if (code !== 0) failures.push(`${line.name} ${code}: ${text.slice(0, 400)}`)
  }
  const ms = performance.now() - began
  return { ms, times: new Map(lines.map(line => [line.name, line.times])), addresses, failures }
}

class Line {
  readonly name: string
  readonly times: number[] = []
  readonly #command: Command
  readonly #ids: string[]
  readonly #began = new Map<number, number>()

  constructor(
    { name, conf, ids }: Queue,
    { verb, netns, stdout }: { verb: string; netns: string; stdout: number }
  ) {
    this.name = name
    this.#ids = [...ids]
    this.#command = new Command({
      argv: [plugin],
      env: {
        CNI_COMMAND: verb,
        CNI_CONTAINERID: nextContainerId(),
        CNI_NETNS: netns,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/opt/cni/bin',
        CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=burst;K8S_POD_NAME=pod-0'
      },
      stdin: conf,
      stdout,
      changing: 'CNI_CONTAINERID'
    })
  }

  get running(): number {
    return this.#began.size
  }

  get hasMore(): boolean {
    return this.#ids.length > 0
  }

  spawn(): number {
    this.#command.prepare(this.#ids.shift() as string)
    const began = performance.now()
    const pid = this.#command.spawn()
    this.#began.set(pid, began)
    return pid
  }

  ended(pid: number): void {
    this.times.push(performance.now() - (this.#began.get(pid) ?? 0))
    this.#began.delete(pid)
  }
}
