// Whether a pod reaches an address, as `ping` sees it.

import { attempt, eventually, run } from '../lab/command.ts'
import type { Pod } from '../lab/runtime.ts'

export interface Ping {
  readonly received: number
  readonly sent: number
  readonly averageMs: number
}

/** Three pings. The kernel looks for duplicates of an IPv6 address for up to two seconds before it is used. */
export async function ping(from: Pod, address: string): Promise<Ping> {
  const answers = async () => (await answersOnce(from, address)) || undefined
  await eventually(`${address} answers ${from.name}`, answers, { everyMs: 100 })
  const { stdout } = await run(
    'nsenter',
    pingArgs(from, '-c', '3', '-i', '0.1', '-w', '5', address)
  )
  const counts = /(\d+) packets transmitted, (\d+)(?: packets)? received/.exec(stdout)
  const averageMs = /= [\d.]+\/([\d.]+)\//.exec(stdout)?.[1]
  return {
    sent: Number(counts?.[1]),
    received: Number(counts?.[2]),
    averageMs: Number(averageMs)
  }
}

/** Whether one ping is answered within a second. */
export async function answersOnce(from: Pod, address: string): Promise<boolean> {
  return (await attempt('nsenter', pingArgs(from, '-c', '1', '-W', '1', address))).status === 0
}

function pingArgs({ netns }: Pod, ...args: readonly string[]): string[] {
  return [`--net=${netns}`, 'ping', '-n', '-q', ...args]
}
