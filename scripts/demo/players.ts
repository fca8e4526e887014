// Who takes part in the demo, and what several of its acts do with them.

import { table } from '../terminal.ts'
import { agreement } from '../lab/agreement.ts'
import { blockTable } from '../lab/blocks.ts'
import type { Domain } from '../lab/admin.ts'
import { shownDomain } from '../lab/pools.ts'
import type { Added, Pod } from '../lab/runtime.ts'
import type { Node } from './node.ts'
import { ping } from './ping.ts'
import type { Stage } from './stage.ts'
import { claim, say, strong } from './telling.ts'

export interface Players {
  readonly stage: Stage
  readonly nodes: readonly [Node, Node, Node]
  /** The pods that live, by their names. */
  readonly pods: Map<string, LivePod>
}

export interface LivePod extends Pod, Added {
  readonly node: Node
}

/** Start a pod; undefined where no pod can be had. */
export async function startPod(
  { stage, pods }: Players,
  node: Node,
  name: string,
  exactly?: string
): Promise<LivePod | undefined> {
  const pod = await stage.pod(name)
  if (pod === undefined) return undefined
  const live = { ...pod, ...(await node.runtime.add(pod, exactly)), node }
  pods.set(name, live)
  return live
}

/** Addresses and nothing else, to see how long our part takes: the times in milliseconds. */
export async function addDirectly(
  node: Node,
  sandbox: Pod,
  name: string,
  count: number
): Promise<readonly number[]> {
  const times: number[] = []
  for (let i = 1; i <= count; i += 1) {
    times.push((await node.runtime.addAddresses({ ...sandbox, name: `${name}-${i}` })).ms)
  }
  return times
}

export function showPods(pods: readonly LivePod[]): void {
  const columns = ['POD', 'NODE', 'IPv4', 'IPv6'].map(title => ({ title }))
  const rows = pods.map(({ name, node, addresses, ms }) => [
    ...[name, node.name],
    ...[addresses.find(isIpv4) ?? '', addresses.find(isIpv6) ?? '', strong(ms)]
  ])
  say(...table([...columns, { title: 'TIME OF ADD', align: 'right' }], rows))
}

/** Each `from` to the address of each `to`, all at once. */
export function pingRows(
  pairs: readonly (readonly [LivePod, LivePod, string])[]
): Promise<string[][]> {
  return Promise.all(
    pairs.map(async ([from, to, address]) => {
      const { received, sent, averageMs } = await ping(from, address)
      const ends = [from, to].map(({ name, node }) => `${name} on ${node.name}`)
      return [...ends, address, `${received} of ${sent}`, `${averageMs.toFixed(2)} ms`]
    })
  )
}

export function showPings(rows: readonly (readonly string[])[]): void {
  const columns = ['FROM', 'TO', 'ADDRESS', 'ANSWERS'].map(title => ({ title }))
  say(...table([...columns, { title: 'ROUND TRIP', align: 'right' }], rows))
}

/** What all nodes say, once all say the same. */
export function agreed({ nodes }: Players): Promise<readonly Domain[]> {
  return agreement(nodes.map(({ admin }) => admin))
}

export function showBlocks(domains: readonly Domain[]): void {
  say(...blockTable(shownOf(domains)))
}

/** The subnet whose custody is shown. */
export function shownOf(domains: readonly Domain[]): Domain {
  const shown = domains.find(({ domain }) => domain === shownDomain)
  if (shown === undefined) throw new Error(`${shownDomain} should be known, and is not`)
  return shown
}

/** No address is with two pods, whoever is asked. */
export async function claimUnique({ nodes, pods }: Players): Promise<number> {
  const lists = await Promise.all(nodes.map(({ admin }) => admin.attachments()))
  const all = lists.flat().flatMap(({ addresses }) => addresses.map(({ address }) => address))
  claim(new Set(all).size === all.length, 'no address is with two pods')
  claim(lists.flat().length >= pods.size, 'every pod is known to its node')
  return all.length
}

function isIpv6(address: string): boolean {
  return address.includes(':')
}

function isIpv4(address: string): boolean {
  return !isIpv6(address)
}
