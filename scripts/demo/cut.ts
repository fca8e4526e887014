// A node is cut off: every side goes on from what it holds. The cable comes back: all agree.

import { table, paint, whileShowing } from '../terminal.ts'
import { countsByOwner } from '../lab/blocks.ts'
import { eventually } from '../lab/command.ts'
import { plain } from '../lab/runtime.ts'
import type { Node } from './node.ts'
import { answersOnce } from './ping.ts'
import {
  addDirectly,
  agreed,
  claimUnique,
  type LivePod,
  type Players,
  pingRows,
  showBlocks,
  shownOf,
  showPings,
  showPods,
  startPod
} from './players.ts'
import { claim, say, step, strong } from './telling.ts'

/** Enough that one node has to ask the others that it can reach. */
const crowdCount = 30

/** When no connection is left, whatever the cable does now. */
const noticeWithinMs = 25_000
const talkWithinMs = 40_000

export async function cutOneOff(players: Players): Promise<void> {
  const { nodes, stage, pods } = players
  const [n1, n2, n3] = nodes
  const hasCable = stage.network !== undefined
  step(hasCable ? `The cable of ${n3.name} is cut` : `${n3.name} is stopped, and answers nobody`)
  const began = performance.now()
  await n3.cut()
  // Without a cable it is the daemon that is away, and nobody starts a pod there.
  const started: LivePod[] = []
  for (const node of hasCable ? nodes : [n1, n2]) {
    const pod = await startPod(players, node, `alone-${node.name.slice(1)}`)
    if (pod !== undefined) started.push(pod)
  }
  say('Pods start all the same, from what each node holds:', '')
  showPods(started)
  if (hasCable) await showReach(players)
  await whileShowing('   waiting until they notice', showSilence(players, began))
  const sandbox = pods.get('web-2')
  if (sandbox === undefined) return
  const times = await addDirectly(n2, sandbox, 'crowd', crowdCount)
  const slowest = strong(Math.max(...times))
  say(
    `${crowdCount} more on ${n2.name}, which gets addresses of ${n1.name} for them, the slowest ADD ${slowest}.`
  )
  if (!hasCable) return
  say(`${n3.name} cannot know that, so they differ in who has how many addresses:`, '')
  say(...(await countTable(nodes, [n1, n3])))
}

/** How many addresses of the shown subnet each node has, as each of `asked` sees it. */
async function countTable(nodes: readonly Node[], asked: readonly Node[]): Promise<string[]> {
  const views = await Promise.all(asked.map(({ admin }) => admin.domains()))
  const counts = views.map(domains => countsByOwner(shownOf(domains)))
  const rows = nodes.map(({ name }) => [name, ...counts.map(count => String(count.get(name) ?? 0))])
  const columns = asked.map(
    ({ name }) => ({ title: `AS ${name} SEES IT`, align: 'right' }) as const
  )
  return table([{ title: 'NODE' }, ...columns], rows)
}

async function showReach({ pods }: Players): Promise<void> {
  const [a, b, c] = ['web-1', 'web-2', 'web-3'].map(name => pods.get(name))
  if (a === undefined || b === undefined || c === undefined) return
  const [near, far] = [plain(b)[0] ?? '', plain(c)[0] ?? '']
  const reached = await answersOnce(a, near)
  const isCut = !(await answersOnce(a, far))
  claim(reached && isCut, 'the cable is cut, and no other')
  say('', `${a.name} reaches ${b.name} on ${b.node.name}, and not ${c.name} on ${c.node.name}.`)
}

/** Whom each node reaches, once nobody reaches the one that is away. */
async function showSilence({ nodes, stage }: Players, began: number): Promise<void> {
  const [n1, n2, n3] = nodes
  const asked = stage.network === undefined ? [n1, n2] : nodes
  const isNoticed = async () => {
    const views = await Promise.all(
      asked.map(async node => [node.name, await reached(node)] as const)
    )
    const isAlone = ([name, others]: (typeof views)[number]) =>
      name === n3.name ? others.length === 0 : !others.includes(n3.name)
    return views.every(isAlone) ? views : undefined
  }
  const views = await eventually('the cut is noticed', isNoticed, {
    withinMs: noticeWithinMs,
    everyMs: 20
  })
  say(`After ${strong(performance.now() - began)} all have noticed:`, '')
  const rows = views.map(([name, others]) => [
    name,
    others.length === 0 ? paint('yellow', 'nobody') : others.join(', ')
  ])
  say(...table([{ title: 'NODE' }, { title: 'REACHES' }], rows), '')
}

async function reached(node: Node): Promise<readonly string[]> {
  const peers = await node.admin.peers()
  return peers.filter(({ connected }) => connected).map(peer => peer.node)
}

export async function heal(players: Players): Promise<void> {
  const { nodes, stage, pods } = players
  const [, , n3] = nodes
  const hasCable = stage.network !== undefined
  step(hasCable ? 'The cable is back' : `${n3.name} goes on`)
  const began = performance.now()
  await n3.heal()
  const isBack = async () => {
    const views = await Promise.all(nodes.map(({ admin }) => admin.peers()))
    return views.flat().every(({ connected, session }) => connected && session) || undefined
  }
  const waiting = eventually('they talk again', isBack, { withinMs: talkWithinMs, everyMs: 20 })
  await whileShowing('   waiting until they talk', waiting)
  const talkMs = performance.now() - began
  const domains = await whileShowing('   waiting until they agree', agreed(players))
  const agreeMs = performance.now() - began
  const count = await claimUnique(players)
  say(
    `They talk again after ${strong(talkMs)} and agree after ${strong(agreeMs)}: all three say the same of every`
  )
  say(`address. ${count} addresses are with pods, each with one.`, '')
  showBlocks(domains)
  const [a, c] = [pods.get('alone-1'), pods.get('alone-3')]
  if (!hasCable || a === undefined || c === undefined) return
  say('')
  const pairs = plain(c).map(address => [a, c, address] as const)
  showPings(await whileShowing('   pinging', pingRows(pairs)))
}
