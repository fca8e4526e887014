// podman with its CNI backend, in its usual places on a host of its own.

import { copyFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt, run } from './command.ts'
import { mainPluginDir, pluginDir } from './ipam.ts'
import { cgroup, hasOwnHost } from './own-host.ts'

const configDir = '/etc/cni/net.d'
const containersConf = `
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[containers]
# The defaults are higher than what a machine without CAP_SYS_RESOURCE may ask for.
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[network]
network_backend = "cni"
cni_plugin_dirs = ["${pluginDir}", "${mainPluginDir}"]
network_config_dir = "${configDir}"
`

export interface RunOptions {
  readonly network: string
  /** `--ip` */
  readonly ip?: string
}

export class Podman {
  readonly #dir = mkdtempSync(join(tmpdir(), 'podman-'))

  /** `networks`: each becomes a network of its name, with one main plugin. */
  constructor(networks: readonly (Record<string, unknown> & { readonly name: string })[]) {
    if (!hasOwnHost) throw new Error('podman is only run on a host of its own')
    const storageConf = `
[storage]
driver = "vfs"
graphroot = "${this.#dir}/graph"
runroot = "${this.#dir}/run"
`
    mkdirSync('/etc/containers', { recursive: true })
    writeFileSync('/etc/containers/containers.conf', containersConf)
    writeFileSync('/etc/containers/storage.conf', storageConf)
    writeFileSync('/etc/containers/policy.json', '{"default":[{"type":"insecureAcceptAnything"}]}')
    mkdirSync(configDir, { recursive: true })
    for (const { name, cniVersion = '0.4.0', ...plugin } of networks) {
      const list = { cniVersion, name, plugins: [plugin] }
      writeFileSync(join(configDir, `10-${name}.conflist`), JSON.stringify(list))
    }
  }

  /** Start a container that does nothing; it is up, with its network, when this returns. */
  async start(name: string, { network, ip }: RunOptions): Promise<void> {
    const options = ['--name', name, '--network', network]
    options.push('--cgroup-parent', `/${cgroup}`, '--cap-add', 'NET_RAW')
    if (ip !== undefined) options.push('--ip', ip)
    const command = ['--rootfs', this.#makeRootfs(), '/bin/sleep', '100000']
    await run('podman', ['run', '--detach', ...options, ...command])
  }

  /** What podman says about its address in this network. */
  async address(name: string, network: string): Promise<string> {
    const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`
    return (await run('podman', ['inspect', '--format', format, name])).trim()
  }

  async exec(name: string, ...command: readonly string[]): Promise<string> {
    return run('podman', ['exec', name, ...command])
  }

  /** The line of ping that has the answer. */
  async ping(name: string, address: string): Promise<string> {
    const out = await this.exec(name, '/bin/ping', '-c', '1', '-W', '5', address)
    return /^.*bytes from.*$/m.exec(out)?.[0] ?? out
  }

  async remove(...names: readonly string[]): Promise<void> {
    await run('podman', ['rm', '--force', '--time', '0', ...names])
  }

  async removeAll(): Promise<void> {
    await attempt('podman', ['rm', '--all', '--force', '--time', '0'])
  }

  async names(): Promise<readonly string[]> {
    const out = await run('podman', ['ps', '--all', '--format', '{{.Names}}'])
    return out.split('\n').filter(name => name !== '')
  }

  /** A root file system with busybox in it, for one container: two cannot share one. */
  #makeRootfs(): string {
    const rootfs = mkdtempSync(join(this.#dir, 'rootfs-'))
    mkdirSync(join(rootfs, 'bin'))
    copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'))
    for (const applet of ['ping', 'sleep']) symlinkSync('busybox', join(rootfs, 'bin', applet))
    return rootfs
  }
}
