// Pods whose main plugin is done: a macvlan for each interface, with addresses and default routes, as the result says
// that the chained plugin is given. They stay to the end, since removing them would go on beside what is measured.

import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../../test/support/command.ts'
import { Netns } from '../../../test/support/netns.ts'
import { routerAddress, setSysctls, withoutDad } from '../../../test/support/underlay.ts'
import { Command } from '../command.ts'

export type Families = readonly (4 | 6)[]

export interface BenchPod {
  readonly netns: Netns
  readonly containerId: string
  /** The results of the main plugins, by interface. */
  readonly results: ReadonlyMap<string, unknown>
}

export interface Ground {
  readonly node: Netns
  /** Where files go. */
  readonly directory: string
  readonly pods: Netns[]
}

const ifnames = ['eth0', 'net1']
/** The first number of an address in its segment that is a pod's. */
const firstNumber = 20

/** `interfaces`: how many, the first one on the segment of the node. */
export async function makePod(
  ground: Ground,
  interfaces: number,
  families: Families
): Promise<BenchPod> {
  const netns = await Netns.make()
  const number = firstNumber + ground.pods.push(netns)
  await setSysctls(netns, withoutDad)
  const results = new Map<string, unknown>()
  for (const [segment, ifname] of ifnames.slice(0, interfaces).entries()) {
    const master = `lan${segment}`
    await ground.node.ip(
      ...['link', 'add', ifname, 'link', master, 'netns', netns.name ?? ''],
      ...['type', 'macvlan', 'mode', 'bridge']
    )
    const ips = families.map(family => ({
      address: family === 4 ? `10.60.${segment}.${number}/24` : `fd60:${segment}::${number}/64`,
      gateway: routerAddress(segment, family)
    }))
    const lines = [
      `link set ${ifname} up`,
      ...ips.map(({ address }) => `address add ${address} dev ${ifname}`),
      // As main plugins do it: the second interface finds a default route and leaves it.
      ...(segment === 0 ? ips.map(({ gateway }) => `route add default via ${gateway}`) : [])
    ]
    await run('ip', ['-n', netns.name ?? '', '-batch', '-'], { input: `${lines.join('\n')}\n` })
    const mac = (await netns.link(ifname))?.mac ?? ''
    results.set(ifname, {
      cniVersion: '1.0.0',
      interfaces: [{ name: ifname, mac, sandbox: netns.path }],
      ips: ips.map(ip => ({ ...ip, interface: 0 })),
      routes: families.map(family => ({ dst: family === 4 ? '0.0.0.0/0' : '::/0' })),
      dns: {}
    })
  }
  return { netns, containerId: randomBytes(32).toString('hex'), results }
}

export interface Call {
  readonly verb: 'ADD' | 'DEL'
  readonly program: string
  /** Without the result of the main plugin. */
  readonly conf: Readonly<Record<string, unknown>>
  readonly ifname: string
}

/** One call of a chained plugin for one interface of a pod, ready to be executed. */
export function callOf(
  ground: Ground,
  pod: BenchPod,
  { verb, program, conf, ifname }: Call,
  stdout: number
): Command {
  const stdin = join(ground.directory, `${pod.containerId}-${ifname}.json`)
  const prevResult = pod.results.get(ifname)
  writeFileSync(stdin, JSON.stringify({ cniVersion: '1.0.0', name: 'lan0', ...conf, prevResult }))
  return new Command({
    argv: [program],
    env: {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: pod.containerId,
      CNI_NETNS: pod.netns.path,
      CNI_IFNAME: ifname,
      CNI_PATH: '/opt/cni/bin',
      CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=bench;K8S_POD_NAME=pod-0'
    },
    stdin,
    stdout
  })
}
