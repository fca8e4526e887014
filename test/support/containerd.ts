// containerd with its CRI service, on a host of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, run } from './command.ts'
import { Cri } from './cri.ts'
import { mainPlugins, plugin } from './ipam.ts'
import { hasOwnHost } from './own-host.ts'

const pauseImage = 'localhost/pause:1'

export class Containerd implements AsyncDisposable {
  /** `network`: one main plugin, the network of every pod; `chained`: what comes behind it; `first`: and before. */
  static async start(
    network: Record<string, unknown> & { readonly name: string },
    chained: readonly Record<string, unknown>[] = [],
    first: readonly Record<string, unknown>[] = []
  ): Promise<Containerd> {
    if (!hasOwnHost) throw new Error('containerd is only run on a host of its own')
    const containerd = new Containerd()
    containerd.#configure(network, chained, first)
    await containerd.launch()
    await importPauseImage(containerd.#socket, containerd.dir)
    return containerd
  }

  readonly dir = mkdtempSync(join(tmpdir(), 'containerd-'))
  readonly #socket = join(this.dir, 'containerd.sock')
  #process: ChildProcess | undefined
  #cri: Cri | undefined
  #log = ''

  get cri(): Cri {
    if (this.#cri === undefined) throw new Error('containerd is not running')
    return this.#cri
  }

  /** What it has logged so far. */
  get log(): string {
    return this.#log
  }

  /** Start it, also again after kill(), and wait until it is ready for pods. */
  async launch(): Promise<void> {
    dropTornResults()
    const child = spawn('containerd', ['--config', join(this.dir, 'config.toml')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], TMPDIR: this.dir }
    })
    child.stderr?.on('data', chunk => (this.#log += String(chunk)))
    this.#process = child
    const cri = new Cri(this.#socket, join(this.dir, 'logs'))
    this.#cri = cri
    await eventually('containerd is ready', () => {
      if (child.exitCode !== null) throw new Error(`containerd has ended:\n${this.#log}`)
      return cri.isNetworkReady().catch(() => false)
    })
  }

  /** SIGKILL: it has no time to tidy up. Pods and plugins that run go on running. */
  async kill(): Promise<void> {
    this.#cri?.[Symbol.dispose]()
    this.#cri = undefined
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async removeAllPods(): Promise<void> {
    const ids = await this.cri.list()
    await Promise.all(ids.map(id => this.cri.remove(id)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #configure(
    { name, cniVersion = '1.0.0', ...main }: Record<string, unknown>,
    chained: readonly Record<string, unknown>[],
    first: readonly Record<string, unknown>[]
  ): void {
    const netDir = join(this.dir, 'net.d')
    const binDir = join(this.dir, 'bin')
    mkdirSync(netDir)
    mkdirSync(binDir)
    writeFileSync(
      join(netDir, '10-pods.conflist'),
      JSON.stringify({ cniVersion, name, plugins: [...first, main, ...chained] })
    )
    // containerd looks into one directory only.
    for (const path of [plugin, ...mainPlugins('loopback', 'macvlan', 'bridge', 'ptp')]) {
      symlinkSync(path, join(binDir, path.replace(/.*\//, '')))
    }
    for (const name of ['orbweaver-coordinator', 'orbweaver-ifacer']) {
      symlinkSync(plugin, join(binDir, name))
    }
    writeFileSync(
      join(this.dir, 'config.toml'),
      containerdConfig({ dir: this.dir, socket: this.#socket, binDir, confDir: netDir })
    )
  }
}

export interface ContainerdPlaces {
  /** All that it keeps. */
  readonly dir: string
  readonly socket: string
  readonly binDir: string
  readonly confDir: string
  /** `native` copies an image for each container, and works everywhere. */
  readonly snapshotter?: 'native' | 'overlayfs'
}

/** config.toml of a containerd that needs nothing that this machine may not have. */
export function containerdConfig(places: ContainerdPlaces): string {
  const { dir, socket, binDir, confDir, snapshotter = 'native' } = places
  return `version = 2
root = "${dir}/root"
state = "${dir}/state"
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${socket}.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "${dir}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${binDir}"
    conf_dir = "${confDir}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "${snapshotter}"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`
}

/** The image of the container that every pod has, made of busybox: no registry is asked. */
export async function importPauseImage(socket: string, scratch: string): Promise<void> {
  const dir = join(scratch, 'pause')
  mkdirSync(join(dir, 'bin'), { recursive: true })
  copyFileSync('/bin/busybox', join(dir, 'bin/busybox'))
  await run('tar', ['-C', dir, '-cf', join(dir, 'layer.tar'), 'bin'])
  const digest = createHash('sha256')
    .update(readFileSync(join(dir, 'layer.tar')))
    .digest('hex')
  const image = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Entrypoint: ['/bin/busybox', 'sleep', '1000000'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] }
  }
  const manifest = [{ Config: 'config.json', RepoTags: [pauseImage], Layers: ['layer.tar'] }]
  writeFileSync(join(dir, 'config.json'), JSON.stringify(image))
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest))
  const archive = join(dir, 'image.tar')
  await run('tar', ['-C', dir, '-cf', archive, 'config.json', 'manifest.json', 'layer.tar'])
  await run('ctr', ['--address', socket, '-n', 'k8s.io', 'images', 'import', archive])
}

/**
 * containerd's CNI library does not write its cache of results in one step. Killed in the middle it
 * leaves half a file, and can then not delete that pod until somebody removes it.
 */
function dropTornResults(): void {
  const cache = '/var/lib/cni/results'
  for (const name of existsSync(cache) ? readdirSync(cache) : []) {
    const path = join(cache, name)
    try {
      JSON.parse(readFileSync(path, 'utf8'))
    } catch {
      rmSync(path)
    }
  }
}
