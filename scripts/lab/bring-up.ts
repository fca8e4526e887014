// Bring a lab up and take it down again. Down knows no order and no state: it removes whatever is there.

import { duration, paint, table, whileShowing } from '../terminal.ts'
import { Admin } from './admin.ts'
import { agreement } from './agreement.ts'
import { blockTable } from './blocks.ts'
import { makeCluster } from './cluster.ts'
import { makeCommand, startDaemon } from './lab-nodes.ts'
import { LabError, type LabPlace } from './lab-place.ts'
import { lastLogLines, type NodePlace } from './node-place.ts'
import { meshPort, nodeAddress, shownDomain } from './pools.ts'
import { installTools, mayMakeNamespaces } from './programs.ts'

/** Daemons that start at a time: all at once would keep each from being ready in time. */
const startsAtOnce = 4
/** Of each daemon, when it has failed and its log goes away. */
const logLinesShown = 3

/** Of all nodes together, and for each. */
const agreeBaseMs = 30_000
const agreeNodeMs = 2_000

/** All of it, or nothing is left and it throws. */
export async function bringUp(lab: LabPlace, count: number): Promise<void> {
  const began = performance.now()
  lab.claim(count)
  try {
    const nodes = await makeCluster(lab.nodesDir, count, lab.network)
    for (const place of nodes) makeCommand(place)
    await whileShowing('starting the daemons', startAll(lab, nodes))
    const admins = nodes.map(({ adminSocket }) => new Admin(adminSocket))
    const withinMs = agreeBaseMs + count * agreeNodeMs
    const work = agreement(admins, withinMs)
    const domains = await whileShowing('waiting until they know one another', work)
    const ms = performance.now() - began
    console.log(`${count} nodes are up, and agree who may use what, after ${duration(ms)}.\n`)
    showNodes(nodes)
    const shown = domains.find(({ domain }) => domain === shownDomain)
    if (shown !== undefined) console.log(`\n${[shownDomain, ...blockTable(shown)].join('\n')}`)
    tellWhatToTry(nodes.at(-1)?.name ?? '', nodes[1]?.name ?? 'n1')
  } catch (error) {
    const reasons = lab.nodes().flatMap(place => lastLogLines(place, logLinesShown))
    await takeDown(lab)
    for (const line of reasons) console.error(line)
    throw error
  }
}

/** Whether there was anything. */
export async function takeDown(lab: LabPlace): Promise<boolean> {
  const wasThere = lab.exists
  await lab.network.remove()
  lab.removeFiles()
  return wasThere
}

/** Throws LabError when this machine cannot have a lab, or has one. */
export async function requireMachine(lab: LabPlace): Promise<void> {
  if (lab.exists) {
    throw new LabError(
      `there is a lab in ${lab.dir} already: npm run lab -- list shows it, npm run lab -- --down removes it`
    )
  }
  if (process.getuid?.() !== 0 || !mayMakeNamespaces()) {
    throw new LabError(
      'a lab needs root, and the right to make network namespaces; npm run demo does without'
    )
  }
  const problem = await installTools()
  if (problem !== undefined) throw new LabError(problem)
}

async function startAll(lab: LabPlace, nodes: readonly NodePlace[]): Promise<void> {
  for (let i = 0; i < nodes.length; i += startsAtOnce) {
    const group = nodes.slice(i, i + startsAtOnce)
    await Promise.all(group.map(place => startDaemon(lab, place)))
  }
}

function showNodes(nodes: readonly NodePlace[]): void {
  const columns = ['NODE', 'ADDRESS', 'ADMIN SOCKET', 'LOG'].map(title => ({ title }))
  const rows = nodes.map(({ name, adminSocket, log }, i) => [
    ...[name, `${nodeAddress(i + 1)}:${meshPort}`, adminSocket, log]
  ])
  console.log(table(columns, rows).join('\n'))
}

function tellWhatToTry(last: string, other: string): void {
  const lines = [
    ['pod n1 web-1', 'start a pod'],
    [`pod ${other} web-2`, 'and one on another node'],
    ['exec web-1 ping -c 3 10.58.0.1', 'from the pod to the router, or to the other pod'],
    [`exec ${other} orbweaverd blocks`, 'who may use what, as this node sees it'],
    [`cut ${last}`, 'unplug a node; pods start there all the same'],
    [`exec n1 orbweaverd peers`, 'what the others think of it'],
    [`heal ${last}`, 'plug it in again'],
    ['delete web-1', 'and the pod is gone'],
    [`exec ${last} orbweaverd transfer ADDRESS`, 'bring one free address to another node'],
    [`pod ${last} db-0 ADDRESS`, 'a pod that wants exactly that address'],
    [`stop ${other}`, 'stop a daemon; start brings it back'],
    ['list', 'nodes, cables, pods'],
    ['--down', 'remove all of it']
  ] as const
  const width = Math.max(...lines.map(([command]) => command.length))
  console.log(`\n${paint('bold', 'What to try next')}`)
  for (const [command, what] of lines) {
    console.log(`   npm run lab -- ${command.padEnd(width)}   ${paint('dim', what)}`)
  }
}
