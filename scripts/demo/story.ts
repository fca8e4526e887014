// The story that the demo tells: three nodes share subnets, give pods addresses, lose one another, go on from
// what they hold, find one another again and agree, and a pod moves with its address.

import { paint, table, whileShowing } from '../terminal.ts'
import { meshPort, nodeAddress } from '../lab/pools.ts'
import { isUnprivilegedRoot } from '../lab/programs.ts'
import { plain } from '../lab/runtime.ts'
import { cutOneOff, heal } from './cut.ts'
import { moveAddress } from './move.ts'
import {
  addDirectly,
  agreed,
  type LivePod,
  type Players,
  pingRows,
  showBlocks,
  showPings,
  showPods,
  startPod
} from './players.ts'
import { say, step, strong } from './telling.ts'

/** How many pods get addresses and nothing else, to see how long these take. */
const directCount = 20

export async function tell(players: Players): Promise<void> {
  await startNodes(players)
  const first = await startFirstPods(players)
  if (first.length === 0) return
  if (players.stage.network !== undefined) await pingAcross(first)
  await timeDirectly(players)
  await cutOneOff(players)
  await heal(players)
  await moveAddress(players)
}

async function startNodes(players: Players): Promise<void> {
  const { nodes, stage } = players
  step('Start three nodes')
  const began = performance.now()
  const times = await whileShowing('   starting', Promise.all(nodes.map(node => node.start())))
  const rows = nodes.map(({ name }, i) => [
    name,
    stage.network === undefined ? 'this machine' : 'namespace, cable to a switch',
    stage.network === undefined ? '127.0.0.1' : `${nodeAddress(i + 1)}:${meshPort}`,
    strong(times[i] ?? 0)
  ])
  const columns = ['NODE', 'WHERE', 'ADDRESS'].map(title => ({ title }))
  say(...table([...columns, { title: 'DAEMON READY', align: 'right' }], rows), '')
  const domains = await whileShowing('   waiting until they know one another', agreed(players))
  const names = domains.map(({ domain }) => domain).join(' and ')
  const after = strong(performance.now() - began)
  say(`They share ${names}, and agree after ${after} who may use what:`, '')
  showBlocks(domains)
  if (isUnprivilegedRoot)
    say('', 'Without the rights of root, all of this is in namespaces of your own.')
  if (stage.obstacle === undefined) return
  say('', `${paint('yellow', 'Left out:')} interfaces, pings, the cable.`)
  say(...stage.obstacle.split('\n').map(line => `  ${line}`))
}

async function startFirstPods(players: Players): Promise<LivePod[]> {
  step('A pod on each node')
  const pods: LivePod[] = []
  for (const [i, node] of players.nodes.entries()) {
    const pod = await startPod(players, node, `web-${i + 1}`)
    if (pod !== undefined) pods.push(pod)
  }
  if (pods.length === 0) say(`${paint('yellow', 'Left out:')} pods, and with them the rest.`)
  else showPods(pods)
  return pods
}

async function pingAcross(pods: readonly LivePod[]): Promise<void> {
  const [a, b, c] = pods
  if (a === undefined || b === undefined || c === undefined) return
  const routes = [
    [a, b],
    [b, c],
    [c, a]
  ] as const
  const pairs = routes.flatMap(([from, to]) =>
    plain(to).map(address => [from, to, address] as const)
  )
  say('')
  showPings(await whileShowing('   pinging', pingRows(pairs)))
}

/** The time of our part alone. */
async function timeDirectly(players: Players): Promise<void> {
  const [, node] = players.nodes
  const sandbox = players.pods.get('web-2')
  if (sandbox === undefined) return
  const times = await addDirectly(node, sandbox, 'direct', directCount)
  const what =
    players.stage.network === undefined ? 'Once more for' : 'Most of that is macvlan. For'
  say('', `${what} ${directCount} pods, Orbweaver's part executed directly on ${node.name}:`)
  const median = times.toSorted((a, b) => a - b)[directCount / 2] ?? 0
  say(`half of them within ${strong(median)}, the slowest ${strong(Math.max(...times))}.`)
  say('Each had its two addresses on disk before the answer.')
}
