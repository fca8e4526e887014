// Our side of a runtime's network configuration, and pools to go with it.

import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Daemon } from './daemon.ts'

/** Where `node scripts/build-plugin.ts` puts the plugin. */
export const pluginDir = join(import.meta.dirname, '../../build')
export const plugin = join(pluginDir, 'orbweaver')

/** Where Debian keeps the main plugins. */
export const mainPluginDir = '/usr/lib/cni'

export function mainPlugins(...types: readonly string[]): string[] {
  return types.map(type => join(mainPluginDir, type))
}

export interface Pool {
  readonly name: string
  readonly subnet: string
  readonly ips: readonly string[]
  readonly gateway?: string
}

export function poolsYaml(pools: readonly Pool[]): string {
  return pools
    .map(({ name, ...spec }) =>
      stringify({
        apiVersion: 'spiderpool.spidernet.io/v2beta1',
        kind: 'SpiderIPPool',
        metadata: { name },
        spec
      })
    )
    .join('---\n')
}

/** The `ipam` section that takes addresses of these pools from this daemon. */
export function ipamSection(
  daemon: Pick<Daemon, 'socket' | 'queue'>,
  pools: readonly Pool[]
): Record<string, unknown> {
  const ofFamily = (isV6: boolean): readonly string[] =>
    pools.filter(({ subnet }) => subnet.includes(':') === isV6).map(({ name }) => name)
  return {
    type: 'orbweaver',
    socket: daemon.socket,
    queue: daemon.queue,
    ...(ofFamily(false).length > 0 && { default_ipv4_ippool: ofFamily(false) }),
    ...(ofFamily(true).length > 0 && { default_ipv6_ippool: ofFamily(true) })
  }
}
