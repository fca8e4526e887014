// The image without anything that runs it: what is in it, that nothing of this machine's moment is, and that the Dockerfile
// copies the same files.

import { globSync, lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { extract } from 'tar-stream'
import t from 'tap'
import { type BuiltImage, buildImage, layOut } from '../../scripts/image.ts'
import { isProgram } from '../../scripts/setup.ts'
import { attempt } from '../support/command.ts'
import { requirePrograms } from '../support/privilege.ts'

const root = join(import.meta.dirname, '../..')
const unpackedBytesMax = 150e6
const scratch = mkdtempSync(join(tmpdir(), 'image-'))
t.teardown(() => rmSync(scratch, { recursive: true, force: true }))

interface Packed {
  readonly name: string
  readonly type: string
  readonly mode: number
  readonly size: number
  readonly owner: string
  readonly mtime: number
}

if (requirePrograms(t, 'the image', ['strip', 'ldd'])) await suite()

async function suite(): Promise<void> {
  const image = await buildImage({ name: 'localhost/orbweaver:a' })
  const layers = await layersOf(image)
  const packed = layers.flat()

  t.test('it is small, and nobody could execute anything else in it', async t => {
    const bytes = packed.reduce((sum, { size }) => sum + size, 0)
    t.ok(bytes < unpackedBytesMax, `${(bytes / 1e6).toFixed(1)} MB`)
    const programs = packed.filter(({ type, mode }) => type === 'file' && (mode & 0o111) !== 0)
    const names = programs
      .map(({ name }) => name)
      .filter(name => !name.startsWith('lib64/ld-linux'))
    t.ok(names.includes('usr/bin/node') && names.includes('usr/bin/orbweaverd'))
    t.ok(names.includes('opt/orbweaver/build/orbweaver'))
    for (const name of names)
      t.match(name, /^(usr\/bin\/(node|orb\w*)|opt\/orbweaver\/build\/orbweaver[\w-]*)$/)
    const binaries = packed.filter(({ name }) => name.endsWith('.node')).map(({ name }) => name)
    t.ok(binaries.length >= 3)
    t.notOk(
      binaries.some(name => /musl|darwin|win32/.test(name)),
      'no binary for other machines'
    )
    t.notOk(packed.some(({ name }) => /node_modules\/(tap|typescript|prettier)\//.test(name)))
  })

  t.test('the same inputs give the same bytes', async t => {
    t.equal((await buildImage({ name: 'localhost/orbweaver:a' })).digest, image.digest)
    for (const { owner, mtime } of packed) {
      if (owner !== '0:0' || mtime !== 0) t.fail(`${owner} ${mtime}`)
    }
    for (const layer of layers) {
      const names = layer.map(({ name }) => name)
      t.same(
        names,
        names.toSorted((a, b) => (a < b ? -1 : 1)),
        'in the order of their names'
      )
    }
  })

  t.test('another release is another last layer', async t => {
    const next = await buildImage({ name: 'localhost/orbweaver:b', release: 'next' })
    t.not(next.digest, image.digest)
    const digests = ({ entries }: BuiltImage) =>
      entries.filter(({ path }) => path.startsWith('blobs/')).map(({ path }) => path)
    const shared = digests(next).filter(path => digests(image).includes(path))
    t.equal(shared.length, 2, 'what is below is the same')
  })

  t.test('the Dockerfile copies the same files', async t => {
    t.match(readFileSync(join(root, 'Dockerfile'), 'utf8'), /npm run image -- --tree \/root-files/)
    const tree = join(scratch, 'tree')
    layOut(tree)
    const paths = globSync('**/*', { cwd: tree }).filter(path => !path.startsWith('var/run/'))
    const found = paths.map(path => {
      const { mode } = lstatSync(join(tree, path))
      return `${path} ${(mode & 0o7777).toString(8)}`
    })
    const expected = packed.map(({ name, mode }) => `${name} ${mode.toString(8)}`)
    t.same([...new Set(found)].toSorted(), [...new Set(expected)].toSorted())
    if (process.getuid?.() !== 0 || !isProgram('chroot')) return
    const { code, stdout, stderr } = await attempt('env', [
      // tap loads itself into every Node.
      ...['-u', 'NODE_OPTIONS', 'chroot', tree, '/usr/bin/orbweaverd', 'version']
    ])
    t.match({ code, stdout, stderr }, { code: 0, stdout: /^\d+\.\d+\.\d+\n$/, stderr: '' })
  })
}

async function layersOf({ entries }: BuiltImage): Promise<Packed[][]> {
  const blob = (digest: string): Buffer => {
    const entry = entries.find(({ path }) => path === `blobs/${digest.replace(':', '/')}`)
    if (entry?.type !== 'file' || !Buffer.isBuffer(entry.content)) throw new Error(digest)
    return entry.content
  }
  const index = entries.find(({ path }) => path === 'index.json')
  if (index?.type !== 'file' || !Buffer.isBuffer(index.content)) throw new Error('no index.json')
  const parse = (bytes: Buffer) =>
    JSON.parse(bytes.toString()) as Record<string, { digest: string }[]>
  const manifest = parse(blob(parse(index.content)['manifests']?.[0]?.digest ?? ''))
  return Promise.all(
    (manifest['layers'] ?? []).map(({ digest }) => unpack(gunzipSync(blob(digest))))
  )
}

async function unpack(archive: Buffer): Promise<Packed[]> {
  const packed: Packed[] = []
  const reader = extract()
  reader.end(archive)
  for await (const entry of reader) {
    const { name, type, mode, size, uid, gid, mtime } = entry.header
    const path = name.replace(/\/$/, '')
    const time = mtime?.getTime() ?? 0
    packed.push({ name: path, type: type ?? '', mode, size, owner: `${uid}:${gid}`, mtime: time })
    entry.resume()
  }
  return packed
}
