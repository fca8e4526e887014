// What the container of a node costs: memory and processor, at rest and while pods start at a steady rate. The plugin is
// executed on the machine as its runtime would, without the work of a runtime around it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Machine } from '../../test/kubelet/machine.ts'
import { nextContainerId } from '../bench/container-ids.ts'

/** Of `utime` and `stime` in proc_pid_stat(5). */
const ticksPerSecond = 100

export interface Cost {
  readonly what: string
  /** Resident memory at the end, in MB. */
  readonly residentMb: number
  /** Share of one processor, in percent. */
  readonly processorPercent: number
  readonly failures: number
}

const network = JSON.stringify({
  ...{ cniVersion: '1.0.0', name: 'underlay', type: 'macvlan', master: 'eth0' },
  ipam: { type: 'orbweaver' }
})

export async function costAtRest(machine: Machine, seconds: number): Promise<Cost> {
  return measured(machine, 'at rest', async () => {
    await sleep(seconds * 1_000)
    return 0
  })
}

/** So many ADDs a second, and as many DELs a second later. */
export async function costOfAdds(
  machine: Machine,
  perSecond: number,
  seconds: number
): Promise<Cost> {
  await machine.exec('ip', 'netns', 'add', 'cost')
  const what = `at ${perSecond} ADDs and ${perSecond} DELs a second`
  try {
    return await measured(machine, what, async () => {
      const running: Promise<number>[] = []
      const began = performance.now()
      for (let i = 0; i < perSecond * seconds; i += 1) {
        const due = began + (i * 1_000) / perSecond - performance.now()
        if (due > 0) await sleep(due)
        running.push(comeAndGo(machine))
      }
      const codes = await Promise.all(running)
      return codes.reduce((sum, code) => sum + code, 0)
    })
  } finally {
    await machine.exec('ip', 'netns', 'delete', 'cost')
  }
}

async function measured(
  machine: Machine,
  what: string,
  work: () => Promise<number>
): Promise<Cost> {
  const [pid] = machine.processes('node')
  if (pid === undefined) throw new Error('the container does not run')
  const [before, began] = [ticksOf(pid), performance.now()]
  const failures = await work()
  const seconds = (performance.now() - began) / 1_000
  const used = (ticksOf(pid) - before) / ticksPerSecond
  const [, kilobytes = '0'] =
    /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return {
    ...{ what, failures },
    residentMb: Math.round(Number(kilobytes) / 1_000),
    processorPercent: Math.round((used / seconds) * 1_000) / 10
  }
}

function ticksOf(pid: number): number {
  // The name of the program is in parentheses and may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** How many of the two failed. */
async function comeAndGo(machine: Machine): Promise<number> {
  const id = nextContainerId()
  const added = await plugin(machine, 'ADD', id)
  await sleep(1_000)
  return added + (await plugin(machine, 'DEL', id))
}

async function plugin(machine: Machine, verb: string, id: string): Promise<number> {
  const environment = [
    ...[`CNI_COMMAND=${verb}`, `CNI_CONTAINERID=${id}`, 'CNI_NETNS=/run/netns/cost'],
    ...['CNI_IFNAME=eth0', 'CNI_PATH=/opt/cni/bin']
  ]
  const command = machine.inside('env', ...environment, '/opt/cni/bin/orbweaver')
  const child = spawn('nsenter', command, { stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.end(network)
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0 ? 0 : 1
}
