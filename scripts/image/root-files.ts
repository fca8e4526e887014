// The root file system of the image: Node and the libraries that it needs, the packages, and the daemon with its
// plugins. No shell, no package manager, nothing else that could be executed.

import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Entry, complete, copyOf, directory, symlink, text } from './entry.ts'
import { productionModules } from './production-modules.ts'

/** What changes seldom comes first: an upgrade then brings nothing but the last of them. */
export interface RootFiles {
  readonly system: readonly Entry[]
  readonly modules: readonly Entry[]
  readonly program: readonly Entry[]
}

export interface RootOptions {
  /** The project. */
  readonly root: string
  /** What the daemon calls itself, instead of the version in package.json. */
  readonly release?: string
}

export const home = 'opt/orbweaver'

/** Where volumes are mounted: the runtime could not make these directories in a root that is only read. */
const mountPoints = [
  ...['dev', 'proc', 'sys', 'run', 'run/netns', 'run/orbweaver'],
  ...['config', 'pools.d', 'net.d', 'key'].map(name => `etc/orbweaver/${name}`),
  'host/proc/sys/net',
  ...['var/lib/cni', 'var/lib/orbweaver', 'opt/cni/bin', 'etc/cni/net.d']
]

/** Throws when something is not built, or cannot be built on this machine. */
export function rootFiles({ root, release }: RootOptions): RootFiles {
  const modules = complete(productionModules(root, home))
  const program = complete(programFiles(root, release))
  return { system: complete(systemFiles(root, modules)), modules, program }
}

function systemFiles(root: string, modules: readonly Entry[]): Entry[] {
  const node = join(root, `node_modules/node-linux-${process.arch}`)
  const addons = modules.filter(({ path }) => path.endsWith('.node'))
  const sources = addons.flatMap(entry =>
    entry.type === 'file' && !Buffer.isBuffer(entry.content) ? entry.content.from : []
  )
  return [
    { path: 'usr/bin/node', mode: 0o755, type: 'file', content: stripped(join(node, 'bin/node')) },
    copyOf(join(node, 'LICENSE'), 'usr/share/doc/node/LICENSE'),
    ...sharedLibraries([join(node, 'bin/node'), ...sources]),
    ...mountPoints.map(path => directory(path)),
    directory('tmp', 0o1777),
    // Runtimes speak of namespaces below /var/run.
    symlink('var/run', '../run'),
    // A ConfigMap fills a directory; what is looked for without being told a place is found in it.
    symlink('etc/orbweaver/config.yaml', 'config/config.yaml'),
    symlink('etc/orbweaver/cluster.key', 'key/cluster.key'),
    text('etc/passwd', 'root:x:0:0:root:/:/nonexistent\n'),
    text('etc/group', 'root:x:0:\n'),
    // Names of peers: what the runtime puts into /etc/hosts, then its name servers.
    text('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n')
  ]
}

function programFiles(root: string, release: string | undefined): Entry[] {
  const built = globSync('**/*.{js,json,html,css,svg,proto}', { cwd: join(root, 'dist') })
  const binaries = globSync('orbweaver*', { cwd: join(root, 'build') })
  if (built.length === 0 || binaries.length === 0) {
    throw new Error('dist or build is empty; run npm run build first')
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly name: string
    readonly version: string
    readonly license: string
    readonly bin: Readonly<Record<string, string>>
  }
  const { name, version, license, bin } = manifest
  const described = { name, version: release ?? version, license, type: 'module', bin }
  return [
    text(`${home}/package.json`, `${JSON.stringify(described, undefined, 2)}\n`),
    copyOf(join(root, 'LICENSE'), `${home}/LICENSE`),
    ...built.map(file => copyOf(join(root, 'dist', file), `${home}/dist/${file}`)),
    ...binaries.map(file => copyOf(join(root, 'build', file), `${home}/build/${file}`, 0o755)),
    // Executed without env and without a shell, since there is none.
    ...Object.entries(bin).map(([command, file]) =>
      text(`usr/bin/${command}`, `#!/usr/bin/node\nimport '/${home}/${file}'\n`, 0o755)
    )
  ]
}

/** Symbols for debuggers are a seventh of Node; what addons link with is left in. */
function stripped(path: string): Buffer {
  const scratch = mkdtempSync(join(tmpdir(), 'orbweaver-image-'))
  try {
    const output = join(scratch, 'node')
    execFileSync('strip', ['--strip-unneeded', '-o', output, path])
    return readFileSync(output)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** What the loader of this machine would load for these files, at the same paths. */
function sharedLibraries(files: readonly string[]): Entry[] {
  const found = new Map<string, string>()
  for (const file of files) {
    const printed = execFileSync('ldd', [file], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin' }
    })
    if (printed.includes('not found')) throw new Error(`${file} lacks a library:\n${printed}`)
    for (const [path] of printed.matchAll(/\/\S+\.so\S*/g)) {
      if (existsSync(path)) found.set(path, realpathSync(path))
    }
  }
  // /lib and /lib64 are links to below /usr on a merged Debian; here they are what the loader asks for.
  return [...found].map(([path, real]) =>
    copyOf(real, path.slice(1), basename(path).startsWith('ld-') ? 0o755 : 0o644)
  )
}
