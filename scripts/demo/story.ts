// The story that the demo tells, step by step. What it claims it has seen: a claim that does not hold ends
// the demo as a failure.

import { readdirSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { duration, heading, paint, table, whileShowing } from '../terminal.ts'
import { eventually } from './command.ts'
import type { Daemon, PoolUsage } from './daemon.ts'
import { cooldownSeconds, pools, router, usualCooldownSeconds } from './pools.ts'
import { isUnprivilegedRoot } from './programs.ts'
import type { Added, Runtime } from './runtime.ts'
import { ping, type Pod, type Stage } from './stage.ts'

/** How many pods get addresses and nothing else, to see how long these take. */
const directCount = 20

export interface Players {
  readonly daemon: Daemon
  readonly stage: Stage
  readonly runtime: Runtime
}

interface LivePod extends Pod, Added {}

export async function tell(players: Players): Promise<void> {
  await startNode(players)
  const [first, second] = players.stage.pods
  if (first === undefined || second === undefined) return
  const [a, b] = await addPods(first, second, players)
  const direct = await addDirectly(first, players)
  if (players.stage.host !== undefined) await showPings(a, b)
  await showAllocated(players)
  await deleteWhileStopped(a, b, players)
  await startAgain(a, b, players)
  await deleteRest(a, direct, players)
}

let steps = 0

export function step(title: string): void {
  steps += 1
  console.log(heading(`${steps}  ${title}`))
}

export function say(...lines: readonly string[]): void {
  for (const line of lines) console.log(line === '' ? '' : `   ${line}`)
}

async function startNode({ daemon, stage }: Players): Promise<void> {
  step('Start a node')
  say('Its pools are two documents in the format of Spiderpool:', '')
  say(
    ...pools
      .trimEnd()
      .split('\n')
      .map(line => paint('cyan', `  ${line}`))
  )
  const ms = await daemon.start()
  say('', `Its daemon is ready after ${strong(ms)}.`)
  const { pods, obstacle } = stage
  if (isUnprivilegedRoot)
    say('Without the rights of root, all of this is in namespaces of your own.')
  if (obstacle === undefined) return
  const what = pods.length > 0 ? 'interfaces and pings' : 'the pods, and with them the rest'
  say(`${paint('yellow', 'Left out:')} ${what}.`, ...obstacle.split('\n').map(line => `  ${line}`))
}

async function addPods(
  first: Pod,
  second: Pod,
  { runtime, stage }: Players
): Promise<[LivePod, LivePod]> {
  const hasLinks = stage.host !== undefined
  step(hasLinks ? 'Add two pods' : 'Add two pods (addresses only)')
  const a = { ...first, ...(await runtime.add(first)) }
  const b = { ...second, ...(await runtime.add(second)) }
  const columns = ['POD', 'INTERFACE', 'IPv4', 'IPv6'].map(title => ({ title }))
  const rows = [a, b].map(({ name, addresses, ms }) => [
    ...[name, hasLinks ? 'eth0, macvlan' : 'none'],
    ...[addresses.find(isIpv4) ?? '', addresses.find(isIpv6) ?? '', strong(ms)]
  ])
  say(...table([...columns, { title: 'TIME OF ADD', align: 'right' }], rows))
  return [a, b]
}

/** The time of our part alone. Returns the pods that it has given addresses. */
async function addDirectly(sandbox: Pod, { runtime, stage }: Players): Promise<readonly Pod[]> {
  const direct: Pod[] = []
  const times: number[] = []
  for (let i = 1; i <= directCount; i += 1) {
    const pod = { ...sandbox, name: `direct-${i}` }
    times.push((await runtime.addAddresses(pod)).ms)
    direct.push(pod)
  }
  const what = stage.host === undefined ? 'Once more for' : 'Most of this is macvlan. For'
  say('', `${what} ${directCount} pods, Orbweaver's part executed directly:`)
  say(`half of them within ${strong(median(times))}, the slowest ${strong(Math.max(...times))}.`)
  say('Each had its two addresses on disk before the answer.')
  return direct
}

async function showPings(a: LivePod, b: LivePod): Promise<void> {
  step('Do they reach each other?')
  const pings = [
    ...plain(b).map(to => ({ from: a, name: b.name, to })),
    ...plain(a).map(to => ({ from: b, name: a.name, to })),
    { from: a, name: 'router', to: router }
  ]
  const work = async (): Promise<string[][]> => {
    const rows: string[][] = []
    for (const { from, name, to } of pings) {
      const { received, sent, averageMs } = await ping(from, to)
      const answers = paint(received === sent ? 'green' : 'yellow', `${received} of ${sent}`)
      rows.push([from.name, name, to, answers, `${averageMs.toFixed(2)} ms`])
    }
    return rows
  }
  const rows = await whileShowing('   pinging', work())
  const columns = ['FROM', 'TO', 'ADDRESS', 'ANSWERS'].map(title => ({ title }))
  say(...table([...columns, { title: 'ROUND TRIP', align: 'right' }], rows))
}

async function showAllocated({ daemon }: Players): Promise<void> {
  step('What the node has allocated')
  const attachments = await daemon.attachments()
  const rows = attachments
    .filter(({ containerId }) => containerId.startsWith('pod-'))
    .flatMap(({ containerId, ifname, addresses }) =>
      addresses.map(({ address, pool }) => [containerId, ifname, address, pool])
    )
  const columns = ['POD', 'INTERFACE', 'ADDRESS', 'POOL'].map(title => ({ title }))
  say(...table(columns, rows), `and ${directCount} pods that were added directly`, '')
  const poolRows = (await daemon.pools()).map(usage => [usage.name, usage.subnet, ...counts(usage)])
  say(...table([{ title: 'POOL' }, { title: 'SUBNET' }, ...countColumns], poolRows))
}

async function deleteWhileStopped(a: LivePod, b: LivePod, players: Players): Promise<void> {
  const { daemon, runtime, stage } = players
  step('The daemon stops, and a pod is deleted meanwhile')
  say(`The daemon has stopped after ${duration(await daemon.stop())}.`)
  if (stage.host !== undefined) {
    const { received, sent } = await ping(a, plain(b)[0] ?? '')
    say(`Pods do not notice: ${a.name} still reaches ${b.name}, ${received} of ${sent}.`)
  }
  const ms = await runtime.delete(b)
  const queued = queuedIn(daemon)
  claim(queued === 1, `one DEL is queued, not ${queued}`)
  say(`DEL of ${b.name} succeeds after ${strong(ms)}: nobody could take it,`)
  say('so the plugin has put it into the queue, where it waits for the daemon.')
}

async function startAgain(a: LivePod, b: LivePod, { daemon }: Players): Promise<void> {
  step('The daemon comes back')
  say(`It is ready after ${strong(await daemon.start())}.`)
  const attachments = await daemon.attachments()
  const known = attachments.find(({ containerId }) => containerId === a.name)
  const addresses = known?.addresses.map(({ address }) => address) ?? []
  claim(isDeepStrictEqual(addresses, plain(a)), `${a.name} has kept its addresses`)
  claim(!attachments.some(({ containerId }) => containerId === b.name), `${b.name} is released`)
  claim(attachments.length === directCount + 1, 'all others are known as well')
  claim(queuedIn(daemon) === 0, 'the queue is empty')
  say(`It remembers that ${a.name} has ${addresses.join(' and ')}, and ${directCount} others.`)
  say(`It has found ${b.name} in the queue and released it before it took any request.`)
}

async function deleteRest(a: LivePod, direct: readonly Pod[], players: Players): Promise<void> {
  const { daemon, runtime } = players
  step('Delete the rest')
  const ms = await runtime.delete(a)
  const times: number[] = []
  for (const pod of direct) times.push(await runtime.deleteAddresses(pod))
  const began = performance.now()
  const usual = strong(median(times))
  say(`DEL of ${a.name} takes ${strong(ms)}, half of the ${directCount} others at most ${usual}.`)
  const before = await daemon.pools()
  const left = (await daemon.attachments()).length
  claim(left === 0, `nothing is allocated, not ${left} pods`)
  const after = await whileShowing(
    '   waiting until all addresses are free',
    eventually(
      'all addresses are free',
      async () => {
        const usages = await daemon.pools()
        return usages.every(({ total, free }) => total === free) ? usages : undefined
      },
      { everyMs: 50 }
    )
  )
  const later = `${duration(performance.now() - began)} later`
  say('Nothing is allocated. A released address is not free at once: it cools down, so that nobody')
  const cooldown = `${cooldownSeconds} s here and ${usualCooldownSeconds} s by default`
  say(`gets traffic meant for the pod before. That takes ${cooldown}.`, '')
  const rowsOf = (when: string, usages: readonly PoolUsage[]): string[][] =>
    usages.map((usage, i) => [i === 0 ? when : '', usage.name, ...counts(usage)])
  const rows = [...rowsOf('at once', before), ...rowsOf(later, after)]
  say(...table([{ title: 'WHEN' }, { title: 'POOL' }, ...countColumns], rows))
}

const countColumns = ['ADDRESSES', 'USED', 'COOLING', 'FREE'].map(
  title => ({ title, align: 'right' }) as const
)

function counts({ total, used, cooling, free }: PoolUsage): string[] {
  return [total, used, cooling, free].map(String)
}

function queuedIn({ queue }: Daemon): number {
  return readdirSync(queue).filter(name => name.endsWith('.del')).length
}

/** Without prefix lengths. */
function plain({ addresses }: Added): string[] {
  return addresses.map(address => address.replace(/\/.*/, ''))
}

function isIpv6(address: string): boolean {
  return address.includes(':')
}

function isIpv4(address: string): boolean {
  return !isIpv6(address)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function strong(ms: number): string {
  return paint('bold', duration(ms))
}

function claim(holds: boolean, what: string): void {
  if (!holds) throw new Error(`this should hold, and does not: ${what}`)
}
