// What the lab can do once it is up.

import { paint, duration, table } from '../terminal.ts'
import { canConnect } from './daemon.ts'
import { daemonPids, pathOn, startDaemon, stopDaemon } from './lab-nodes.ts'
import { type LabPlace, LabError, podRole } from './lab-place.ts'
import type { NodePlace } from './node-place.ts'
import { meshPort, nodeAddress } from './pools.ts'
import { Runtime } from './runtime.ts'

/** Start a pod; its namespace stays only if it gets an address. */
export async function addPod(
  lab: LabPlace,
  [node, name, exactly]: readonly (string | undefined)[]
): Promise<void> {
  const place = lab.node(node)
  lab.checkPodName(name)
  const role = podRole(name)
  const netns = await lab.network.makePod(role)
  try {
    const { addresses, ms } = await new Runtime(place, lab.network).add({ name, netns }, exactly)
    lab.keepPod({ name, node: place.name, addresses })
    const has = addresses.join(' and ')
    console.log(`${name} on ${place.name} has ${paint('bold', has)} after ${duration(ms)}.`)
  } catch (error) {
    await lab.network.removePod(role)
    throw error
  }
}

export async function deletePod(lab: LabPlace, [name]: readonly string[]): Promise<void> {
  const pod = lab.pod(name)
  const role = podRole(pod.name)
  const runtime = new Runtime(lab.node(pod.node), lab.network)
  const ms = await runtime.delete({ name: pod.name, netns: lab.network.path(role) })
  await lab.network.removePod(role)
  lab.dropPod(pod.name)
  console.log(`${pod.name} is deleted on ${pod.node} after ${duration(ms)}.`)
}

export async function cut(lab: LabPlace, [name]: readonly string[]): Promise<void> {
  const place = lab.node(name)
  await lab.network.cut(place.name)
  console.log(`The cable of ${place.name} is cut; npm run lab -- heal ${place.name} repairs it.`)
}

export async function heal(lab: LabPlace, [name]: readonly string[]): Promise<void> {
  const place = lab.node(name)
  await lab.network.heal(place.name)
  console.log(`The cable of ${place.name} is whole.`)
}

export async function stopNode(lab: LabPlace, [name]: readonly string[]): Promise<void> {
  const place = lab.node(name)
  const count = await stopDaemon(lab, place)
  if (count === 0) throw new LabError(`the daemon of ${place.name} does not run`)
  console.log(`The daemon of ${place.name} has stopped. npm run lab -- start ${place.name}`)
}

export async function startNode(lab: LabPlace, [name]: readonly string[]): Promise<void> {
  const place = lab.node(name)
  if ((await daemonPids(lab, place)).length > 0) {
    throw new LabError(`the daemon of ${place.name} runs already`)
  }
  await startDaemon(lab, place)
  console.log(`The daemon of ${place.name} runs.`)
}

/** Become the command, in the namespace of a node or pod. Returns only when that cannot be done. */
export async function execute(lab: LabPlace, args: readonly string[]): Promise<never> {
  const [where, ...command] = args
  if (command.length === 0) throw new LabError('exec needs a node or a pod, and a command')
  const place = lab.nodes().find(({ name }) => name === where)
  const inside = place?.name ?? podRole(lab.pod(where).name)
  const path = pathOn(place ?? lab.node(lab.pod(where).node))
  // The first `env` looks `ip` up, the second one the command, where it will run.
  const words = ['ip', ...lab.network.inside(inside, 'env', ...command)]
  process.execve?.('/usr/bin/env', ['env', ...words], { ...process.env, PATH: path })
  throw new LabError('this Node cannot execute another program in its place')
}

export async function list(lab: LabPlace): Promise<void> {
  const rows = await Promise.all(lab.nodes().map((place, i) => nodeRow(lab, place, i + 1)))
  const columns = ['NODE', 'ADDRESS', 'CABLE', 'DAEMON', 'ADMIN SOCKET'].map(title => ({ title }))
  console.log(table(columns, rows).join('\n'))
  const pods = lab.pods().map(({ name, node, addresses }) => [name, node, addresses.join(' and ')])
  if (pods.length === 0) return
  const podColumns = ['POD', 'NODE', 'ADDRESSES'].map(title => ({ title }))
  console.log(`\n${table(podColumns, pods).join('\n')}`)
}

async function nodeRow(lab: LabPlace, place: NodePlace, number: number): Promise<string[]> {
  const { name, adminSocket } = place
  const isThere = lab.network.has(name)
  const isCut = isThere && (await lab.network.isCut(name))
  const cable = !isThere ? 'none' : isCut ? paint('yellow', 'cut') : 'whole'
  const isUp = await canConnect(adminSocket)
  const daemon = isUp ? paint('green', 'runs') : paint('yellow', 'does not answer')
  return [name, `${nodeAddress(number)}:${meshPort}`, cable, daemon, adminSocket]
}
