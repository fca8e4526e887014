// What the coordinator takes for a pod, from before exec to after exit, beside Debian's `sbr`, which moves the routes
// of an interface to a table of its own and does nothing else.

import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { startDaemon } from '../../test/support/daemon.ts'
import { poolsYaml } from '../../test/support/ipam.ts'
import { segmentPools, Underlay } from '../../test/support/underlay.ts'
import { daemonMain, pluginPath } from './build.ts'
import { breathe } from './command.ts'
import {
  type BenchPod,
  type Call,
  callOf,
  type Families,
  type Ground,
  makePod
} from './coordinator/bench-pod.ts'
import { lateness, watchedBy } from './coordinator/loop-lateness.ts'
import { markBefore, timeTransaction } from './coordinator/transaction.ts'
import { type Figure, figure } from './figures.ts'
import type { Group, Run } from './group.ts'
import { OutputPipe } from './output-pipe.ts'
import { median, percentile, shuffled } from './statistics.ts'

const sbr = '/usr/lib/cni/sbr'
/** Of one pod, ADD and DEL: the daemon compiles its code while it runs. */
const warmUps = 150
const lateMsMax = 5

interface Times {
  readonly unmarked: number[]
  readonly marked: number[]
  readonly sbr: number[]
  readonly transaction: number[]
  readonly both: number[]
  readonly sbrBoth: number[]
  /** In milliseconds. */
  readonly late: number[]
}

export const coordinator: Group = async run => {
  await using underlay = await Underlay.make(1)
  const node = underlay.node(0)
  const ground: Ground = { node, directory: run.stage.directory('coordinator'), pods: [] }
  try {
    return figuresOf(await measure(run, ground))
  } finally {
    for (const pod of ground.pods) await pod.remove()
  }
}

async function measure(run: Run, ground: Ground): Promise<Times> {
  const { directory, node } = ground
  const program = join(directory, 'orbweaver-coordinator')
  symlinkSync(pluginPath, program)
  const answer = join(directory, 'late')
  await using daemon = await startDaemon({
    dir: run.stage.directory('node'),
    pools: poolsYaml(segmentPools(0, 0)),
    main: daemonMain,
    prefix: ['ip', 'netns', 'exec', node.name ?? ''],
    env: watchedBy(answer)
  })
  run.stage.onEnd(() => daemon.process.kill('SIGKILL'))
  using output = new OutputPipe()
  const times: Times = {
    ...{ unmarked: [], marked: [], sbr: [], transaction: [], both: [], sbrBoth: [], late: [] }
  }
  const ours = { type: 'orbweaver-coordinator', socket: daemon.socket, queue: daemon.queue }
  const call = (pod: BenchPod, ifname: string, verb: Call['verb'], program: string, conf: object) =>
    callOf(ground, pod, { verb, program, conf: { ...conf }, ifname }, output.writer).time()
  const add = (program: string, conf: object, pod: BenchPod) => {
    let us = 0
    for (const ifname of pod.results.keys()) {
      us += call(pod, ifname, 'ADD', program, conf)
      const printed = output.take()
      if (!printed.includes('"ips"')) throw new Error(`${program} printed ${printed}`)
    }
    return us
  }
  const turns: readonly (() => Promise<void>)[] = [
    async () => {
      const pod = await one(ground)
      markBefore(pod.netns)
      times.unmarked.push(add(program, ours, pod))
    },
    async () => void times.marked.push(add(program, ours, await one(ground))),
    async () => void times.sbr.push(add(sbr, { type: 'sbr' }, await one(ground))),
    async () => void times.transaction.push(timeTransaction((await one(ground)).netns)),
    async () => void times.both.push(add(program, ours, await two(ground))),
    async () => void times.sbrBoth.push(add(sbr, { type: 'sbr' }, await two(ground))),
    async () => {
      const pod = await two(ground)
      times.late.push(await lateness(daemon, answer, () => void add(program, ours, pod)))
    }
  ]
  const warm = await two(ground)
  for (let i = 0; i < warmUps; i += 1) {
    add(program, ours, warm)
    for (const ifname of ['net1', 'eth0']) call(warm, ifname, 'DEL', program, ours)
    await breathe()
  }
  const rounds = run.quick ? 6 : 20
  for (let round = 0; round < rounds; round += 1) {
    for (const turn of shuffled(turns)) await turn()
    await breathe()
  }
  run.note(`coordinator: ${ground.pods.length} pods on one node at the end`)
  return times
}

const oneFamily: Families = [4]
const bothFamilies: Families = [4, 6]

function one(ground: Ground): Promise<BenchPod> {
  return makePod(ground, 1, oneFamily)
}

function two(ground: Ground): Promise<BenchPod> {
  return makePod(ground, 2, bothFamilies)
}

function figuresOf(times: Times): Figure[] {
  const unmarked = median(times.unmarked)
  const marked = median(times.marked)
  const theirs = median(times.sbr)
  const transaction = median(times.transaction)
  const both = median(times.both)
  const theirBoth = median(times.sbrBoth)
  const µs = (name: string, value: number) => figure(name, value, 'µs')
  const ratio = (name: string, value: number, atMost: number) =>
    figure(name, value, 'ratio', { atMost })
  return [
    µs('coordinator ADD p50, IPv4, marks there already', unmarked),
    µs('coordinator ADD p99, IPv4, marks there already', percentile(times.unmarked, 0.99)),
    µs('coordinator ADD p50, IPv4', marked),
    µs('sbr ADD p50, IPv4', theirs),
    µs('one nftables transaction in the kernel p50', transaction),
    µs('coordinator ADDs p50, two interfaces of both families', both),
    µs('sbr ADDs p50, two interfaces of both families', theirBoth),
    ratio('coordinator / sbr p50, IPv4, without marks', unmarked / theirs, 1),
    ratio(
      'coordinator / sbr p50, IPv4, beyond the transaction',
      (marked - transaction) / theirs,
      2
    ),
    ratio('coordinator / sbr p50, two interfaces of both families', both / theirBoth, 2),
    figure('event loop late at most during an ADD', Math.max(...times.late), 'ms', {
      atMost: lateMsMax
    }),
    figure('event loop late during an ADD p50', median(times.late), 'ms')
  ]
}
