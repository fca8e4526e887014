// Build the image that nodes run, without a container engine: the OCI layout in one archive, the same bytes from
// the same inputs. The Dockerfile asks for the same files with --tree.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Entry, contentOf } from './image/entry.ts'
import { layerOf } from './image/layer.ts'
import { architectureOf, type Image, imageOf } from './image/oci-archive.ts'
import { rootFiles } from './image/root-files.ts'

const root = join(import.meta.dirname, '..')

const usage = `npm run image: the image that nodes run, as an OCI archive, built without a container engine

  --name NAME    what it is called, with its tag (default localhost/orbweaver:RELEASE)
  --out FILE     where it goes (default build/image/orbweaver.tar)
  --release R    what the daemon in it calls itself (default: the version in package.json)
  --tree DIR     lay the files out in this directory instead; the Dockerfile copies them from there
`

export interface ImageOptions {
  readonly name?: string
  readonly release?: string
}

export interface BuiltImage extends Image {
  readonly name: string
  readonly layers: readonly {
    readonly what: string
    readonly files: number
    readonly unpackedBytes: number
    readonly packedBytes: number
  }[]
}

/** Throws when the project is not built, or this is no machine for it. */
export async function buildImage(options: ImageOptions = {}): Promise<BuiltImage> {
  requirePlatform()
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  const { release = version, name = `localhost/orbweaver:${release}` } = options
  const { system, modules, program } = rootFiles({ root, release })
  const cache = join(root, 'build/image/layers')
  const layers = [
    { what: 'Node, the libraries that it needs, mount points', ...(await layerOf(system, cache)) },
    { what: 'packages', ...(await layerOf(modules, cache)) },
    { what: `orbweaver ${release}`, ...(await layerOf(program, cache)) }
  ]
  const image = await imageOf({ name, release, created: dateOfSource(), layers })
  return {
    ...image,
    name,
    layers: layers.map(({ what, files, unpackedBytes, blob }) => ({
      ...{ what, files, unpackedBytes, packedBytes: blob.bytes.length }
    }))
  }
}

/** The same files, as a tree of this machine. */
export function layOut(directory: string, release?: string): void {
  requirePlatform()
  const { system, modules, program } = rootFiles({
    root,
    ...(release !== undefined && { release })
  })
  for (const entry of [...system, ...modules, ...program]) put(join(directory, entry.path), entry)
}

function put(path: string, entry: Entry): void {
  mkdirSync(dirname(path), { recursive: true })
  if (entry.type === 'symlink') return symlinkSync(entry.to, path)
  if (entry.type === 'directory') mkdirSync(path, { recursive: true })
  else writeFileSync(path, contentOf(entry))
  chmodSync(path, entry.mode)
}

/** The libraries are this machine's, so the image is for machines like it. */
function requirePlatform(): void {
  if (process.platform !== 'linux' || architectureOf(process.arch) === undefined) {
    throw new Error(
      `there is no image for ${process.platform} on ${process.arch}; build it on Linux on x64 or arm64`
    )
  }
}

/** Seconds since 1970: SOURCE_DATE_EPOCH (reproducible-builds.org), else the date of the last commit. */
function dateOfSource(): number {
  const given = process.env['SOURCE_DATE_EPOCH']
  if (given !== undefined) {
    if (!/^\d{1,11}$/.test(given)) throw new Error(`SOURCE_DATE_EPOCH is no number: ${given}`)
    return Number(given)
  }
  try {
    return Number(
      execFileSync('git', ['log', '-1', '--format=%ct'], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'ignore']
      })
    )
  } catch {
    return 0
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      name: { type: 'string' },
      release: { type: 'string' },
      out: { type: 'string', default: join(root, 'build/image/orbweaver.tar') },
      tree: { type: 'string' },
      help: { type: 'boolean', default: false }
    }
  })
  const { name, release, out, tree, help } = values
  if (help) return console.log(usage)
  if (tree !== undefined) return layOut(tree, release)
  const image = await buildImage({
    ...(name !== undefined && { name }),
    ...(release !== undefined && { release })
  })
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, image.archive)
  for (const { what, files, unpackedBytes, packedBytes } of image.layers) {
    const sizes = `${megabytes(unpackedBytes).padStart(9)}, packed ${megabytes(packedBytes).padStart(8)}`
    console.log(`${sizes}  ${String(files).padStart(5)} files  ${what}`)
  }
  const total = image.layers.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0)
  console.log(
    `${megabytes(total).padStart(9)} unpacked, ${megabytes(image.archive.length)} to ship`
  )
  console.log(`${image.name}@${image.digest}\n${out}`)
}

if (import.meta.main) await main()
