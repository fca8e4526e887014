// The rules of the house as a test: which floor may import which, how long files may be, and where time,
// chance and other packages come in. ARCHITECTURE.md says why.

import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..')
const sourceLinesMax = 300
const testLinesMax = 500
const medianLinesMax = 130

/** What a room may import beside itself, as prefixes of paths; adapters never import one another. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ports: ['core/'],
  actors: ['core/', 'ports/'],
  cni: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/'],
  mesh: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/'],
  registry: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/'],
  store: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/'],
  coordinator: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/', 'kernel/'],
  kube: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/'],
  admin: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/'],
  telemetry: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/'],
  config: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/'],
  host: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/', 'kernel/'],
  link: ['core/', 'ports/', 'actors/messages/', 'actors/runtime/', 'kernel/'],
  // The floor below those that need it: it says what the kernel offers and decides nothing.
  kernel: ['core/', 'ports/'],
  // The command line speaks to a daemon and has none in it: of `admin` it takes the client, and the types of answers.
  cli: ['core/', 'admin/']
}

/** Node's own modules that the lower floors may use: pure functions, assertions and types. */
const pureModules: Readonly<Record<string, readonly string[]>> = {
  core: ['node:assert/strict', 'node:crypto', 'node:net'],
  ports: [],
  actors: []
}

/** Packages that only one place may know. */
const oneHome: Readonly<Record<string, string | readonly string[]>> = {
  nact: 'actors/runtime/actor-system.ts',
  pino: 'telemetry/log.ts',
  'prom-client/lib/registry.js': 'telemetry/metrics.ts',
  valibot: 'config/',
  yaml: ['config/', 'cli/'],
  commander: 'cli/',
  'tar-stream': 'cli/',
  koffi: 'kernel/',
  msgpackr: ['cni/', 'mesh/', 'registry/'],
  'better-sqlite3': 'store/',
  libp2p: 'mesh/',
  'it-pipe': 'mesh/',
  '@chainsafe/libp2p-noise': 'mesh/',
  '@chainsafe/libp2p-yamux': 'mesh/',
  '@libp2p/crypto/keys': 'mesh/',
  '@libp2p/gossipsub': 'mesh/',
  '@libp2p/identify': 'mesh/',
  '@libp2p/mdns': 'mesh/',
  '@libp2p/memory': 'mesh/',
  '@libp2p/peer-id': 'mesh/',
  '@libp2p/pnet': 'mesh/',
  '@libp2p/tcp': 'mesh/',
  '@libp2p/utils': 'mesh/',
  '@multiformats/multiaddr': 'mesh/'
}

interface Source {
  readonly path: string
  readonly text: string
  readonly room: string
  readonly imports: readonly { readonly name: string; readonly isType: boolean }[]
}

function sources(): Source[] {
  const all = globSync('**/*.ts', { cwd: join(root, 'src') })
  // What runs in browsers has a rule of its own.
  return all
    .filter(path => !path.startsWith('page/'))
    .map(path => {
      const text = readFileSync(join(root, 'src', path), 'utf8')
      return {
        path,
        text,
        room: path.includes('/') ? (path.split('/')[0] ?? '') : '',
        imports: importsOf(text)
      }
    })
}

function importsOf(text: string): { name: string; isType: boolean }[] {
  const statement = /^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm
  const dynamic = /\bimport\('([^']+)'\)/g
  return [
    ...[...text.matchAll(statement)].map(match => ({
      name: match[2] ?? match[3] ?? '',
      isType: match[1] !== undefined
    })),
    ...[...text.matchAll(dynamic)].map(match => ({ name: match[1] ?? '', isType: false }))
  ]
}

t.test('arrows point down', async t => {
  const wrong: string[] = []
  for (const { path, room, imports } of sources()) {
    // Files at the top are the composition root: they know everyone, and nobody knows them.
    if (room === '') continue
    t.ok(allowed[room], `${path} lies in a room of ARCHITECTURE.md`)
    for (const { name } of imports) {
      if (!name.startsWith('.')) continue
      const target = normalize(join(dirname(path), name))
      const isFine =
        target.startsWith(`${room}/`) || allowed[room]?.some(prefix => target.startsWith(prefix))
      if (isFine !== true) wrong.push(`${path} imports ${target}`)
    }
  }
  t.same(wrong, [])
})

t.test('the page stands on the core alone, and on its own packages', async t => {
  const packages = /^(preact|@preact\/signals|uplot)(\/hooks)?$/
  const wrong: string[] = []
  for (const path of globSync('page/**/*.{ts,tsx}', { cwd: join(root, 'src') })) {
    for (const { name } of importsOf(readFileSync(join(root, 'src', path), 'utf8'))) {
      const target = normalize(join(dirname(path), name))
      const isFine = name.startsWith('.') ? /^(page|core)\//.test(target) : packages.test(name)
      if (!isFine) wrong.push(`${path} imports ${name}`)
    }
  }
  t.same(wrong, [])
})

t.test('the command line brings no daemon along', async t => {
  const wrong = sources()
    .filter(({ room }) => room === 'cli')
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ name, isType }) => name.includes('/admin/') && !isType)
        .filter(({ name }) => !/\/(admin-client|vouching)\.ts$/.test(name))
        .map(({ name }) => `${path} imports ${name}`)
    )
  t.same(wrong, [])
})

t.test('the lower floors do no I/O', async t => {
  const wrong: string[] = []
  for (const { path, room, imports } of sources()) {
    const pure = pureModules[room]
    if (pure === undefined) continue
    for (const { name, isType } of imports) {
      if (name.startsWith('node:') && !isType && !pure.includes(name))
        wrong.push(`${path}: ${name}`)
    }
  }
  t.same(wrong, [])
})

t.test('time and chance come in by the front door', async t => {
  const forbidden =
    /\b(Date\.now|new Date\(|Math\.random|setTimeout|setInterval|setImmediate|process\.)/
  const wrong = sources()
    .filter(({ room }) => ['core', 'ports', 'actors'].includes(room))
    .filter(({ text }) => forbidden.test(text.replaceAll(/\/\/.*|\/\*[^]*?\*\//g, '')))
  t.same(
    wrong.map(({ path }) => path),
    []
  )
})

t.test('the core knows no promise', async t => {
  const wrong = sources().filter(
    ({ room, text }) => room === 'core' && /\b(async|await|Promise)\b/.test(text)
  )
  t.same(
    wrong.map(({ path }) => path),
    []
  )
})

t.test('a package has one home', async t => {
  const wrong: string[] = []
  for (const { path, imports } of sources()) {
    for (const { name, isType } of imports) {
      if (name.startsWith('.') || name.startsWith('node:') || isType) continue
      const homes = [oneHome[name] ?? []].flat()
      if (!homes.some(home => path.startsWith(home))) wrong.push(`${path} imports ${name}`)
    }
  }
  t.same(wrong, [])
})

t.test('every dependency has its reason in docs', async t => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string> | undefined
  >
  const reasons = readFileSync(join(root, 'docs/dependencies.md'), 'utf8')
  const groups = ['dependencies', 'optionalDependencies', 'devDependencies']
  for (const name of groups.flatMap(group => Object.keys(manifest[group] ?? {}))) {
    t.match(reasons, `\`${name}\``, `${name} has its reason`)
  }
})

t.test('files stay short', async t => {
  const sizes = globSync('{src,scripts}/**/*.{ts,tsx,css,c}', { cwd: root }).map(path => ({
    path,
    lines: readFileSync(join(root, path), 'utf8').split('\n').length - 1
  }))
  t.same(
    sizes.filter(({ lines }) => lines > sourceLinesMax),
    []
  )
  const sorted = sizes.map(({ lines }) => lines).sort((a, b) => a - b)
  t.ok((sorted[sorted.length >> 1] ?? 0) <= medianLinesMax, 'the median file is short')
  const long = globSync('test/**/*.ts', { cwd: root }).filter(
    path => readFileSync(join(root, path), 'utf8').split('\n').length - 1 > testLinesMax
  )
  t.same(long, [])
})

t.test('files are named for their concept', async t => {
  const vague = /(^|\/)(utils?|helpers?|common|misc|index)(\.ts|\/)/
  t.same(
    globSync('{src,test,scripts}/**/*.ts', { cwd: root }).filter(path => vague.test(path)),
    []
  )
})

t.test('chance in tests begins where all agree', async t => {
  const wrong = globSync('{test,scripts}/**/*.ts', { cwd: root })
    .filter(path => path !== 'test/support/property.ts')
    .filter(path => /^import .*'fast-check'/m.test(readFileSync(join(root, path), 'utf8')))
  t.same(wrong, [])
})

t.test('nothing is left for later', async t => {
  const marks = /\b(TODO|FIXME|XXX|HACK)\b/
  const wrong = globSync('{src,scripts}/**/*.{ts,tsx,css,c}', { cwd: root }).filter(path =>
    marks.test(readFileSync(join(root, path), 'utf8'))
  )
  t.same(wrong, [])
})
