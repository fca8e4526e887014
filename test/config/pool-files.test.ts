import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { maxFiles } from '../../src/config/directory-scan.ts'
import { createPoolFiles, maxPoolFileBytes } from '../../src/config/pool-files.ts'
import { poolApiVersion } from '../../src/config/pool-text.ts'
import { createSamplePool } from '../../src/config/sample-pool.ts'
import { AddressSet } from '../../src/core/address-set.ts'
import { parsePool } from '../../src/core/pool-document.ts'

function yamlPool(name: string, subnet = '10.6.0.0/24'): string {
  return [
    `apiVersion: ${poolApiVersion}`,
    'kind: SpiderIPPool',
    'metadata:',
    `  name: ${name}`,
    'spec:',
    `  subnet: ${subnet}`,
    ''
  ].join('\n')
}

function jsonPool(name: string) {
  const spec = { subnet: '10.6.0.0/24' }
  return { apiVersion: poolApiVersion, kind: 'SpiderIPPool', metadata: { name }, spec }
}

async function listing(directory: string) {
  const { documents, problems, skipped } = await createPoolFiles({
    directories: [directory]
  }).read()
  return { names: documents.map(({ name }) => name), documents, problems, skipped }
}

t.test('files are read in the order of their names, and only pool files', async t => {
  const dir = t.testdir({
    'b.yaml': `# pools of rack b\n---\n${yamlPool('b1')}---\n${yamlPool('b2')}---\n# nothing more\n`,
    'a.yml': `%YAML 1.2\n---\n${yamlPool('a')}...\n${yamlPool('a2')}`,
    'c.json': JSON.stringify(jsonPool('c')),
    'empty.yaml': '',
    '.hidden.yaml': '{',
    '#b.yaml#': '{',
    '.b.yaml.swp': '{',
    'b.yaml~': '{',
    'README.md': '{'
  })
  const { documents, problems, names } = await listing(dir)
  t.same(problems, [])
  t.same(names, ['a', 'a2', 'b1', 'b2', 'c'])
  t.same(documents[3], {
    kind: 'SpiderIPPool',
    name: 'b2',
    spec: { subnet: '10.6.0.0/24' },
    source: 'b.yaml, document 2',
    file: join(dir, 'b.yaml')
  })
})

t.test('several directories keep their order and tell their files apart', async t => {
  const dir = t.testdir({ z: { 'p.yaml': yamlPool('z') }, a: { 'p.yaml': yamlPool('a') } })
  const directories = [join(dir, 'z'), join(dir, 'a'), join(dir, 'none')]
  const { documents, problems } = await createPoolFiles({ directories }).read()
  t.same(
    documents.map(({ source }) => source),
    [`${dir}/z/p.yaml, document 1`, `${dir}/a/p.yaml, document 1`]
  )
  const none = join(dir, 'none')
  t.match(problems, [{ source: none, problem: /no such directory/, unread: none }])
})

t.test('a list and documents of later releases', async t => {
  const later = ['SpiderMultusConfig', 'SpiderEndpoint']
  const items = [
    jsonPool('one'),
    { ...jsonPool('two'), kind: 'SpiderReservedIP' },
    'x',
    { ...jsonPool('three'), kind: 'SpiderSubnet' }
  ]
  const dir = t.testdir({
    'a.yaml': later.map(kind => `apiVersion: ${poolApiVersion}\nkind: ${kind}\n`).join('---\n'),
    'b.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    'c.yaml': 'apiVersion: v1\nkind: List\nitems: x\n'
  })
  const { documents, problems, skipped } = await listing(dir)
  t.same(
    skipped,
    later.map((kind, i) => `a.yaml, document ${i + 1}: ${kind}`)
  )
  t.match(documents, [
    { name: 'one', kind: 'SpiderIPPool', source: 'b.json, document 1, item 1' },
    { name: 'two', kind: 'SpiderReservedIP', source: 'b.json, document 1, item 2' },
    { name: 'three', kind: 'SpiderSubnet', source: 'b.json, document 1, item 4' }
  ])
  t.match(problems, [
    { source: 'b.json, document 1, item 3', problem: '"x" must be a map' },
    { source: 'c.yaml, document 1', problem: 'items: "x" must be a list' }
  ])
})

t.test('one bad document takes no other along', async t => {
  const nested = '[['.repeat(50_000)
  const bombs = Array.from(
    { length: 12 },
    (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`
  )
  const rows: [string, RegExp, string][] = [
    ['a: "x', /is no YAML: line 10: .*quote/, 'an unclosed quote'],
    ['a: [1, 2', /is no YAML: line \d+: /, 'an unclosed list'],
    ['a: 1\na: 2', /is no YAML: line 10: .*unique/, 'a key twice'],
    ['\ta: 1', /is no YAML: line 9: /, 'a tab'],
    ['a: *b', /is no YAML: line 9: |cannot be read: .*alias/i, 'an alias of nothing'],
    ['a: &b { c: *b }', /cannot be read: .*circular/, 'an alias of itself'],
    [`a0: &a0 [x]\n${bombs.join('\n')}`, /cannot be read: .*alias/, 'ever more aliases'],
    [nested, /is no YAML|cannot be read/, 'nested too deeply'],
    ['just a text', /"just a text" must be a map/, 'a text'],
    ['- 1', /\[1\] must be a map/, 'a list'],
    ['{}', /kind: undefined of apiVersion undefined is not read here/, 'nothing in it'],
    [yamlPool('x').replace('v2beta1', 'v1'), /apiVersion: ".*v1" must be .*v2beta1/, 'version'],
    [
      yamlPool('x').replace('SpiderIPPool', 'ConfigMap'),
      /kind: "ConfigMap" of .* not read/,
      'kind'
    ],
    ['apiVersion: v1\nkind: Pod', /kind: "Pod" of apiVersion "v1" is not read here/, 'a stranger'],
    [yamlPool('""'), /metadata\.name: "" must be the name of the SpiderIPPool/, 'no name'],
    [yamlPool('5'), /metadata\.name: 5 must be the name/, 'a number for a name'],
    [yamlPool('x').replace(/spec:[^]*/, ''), /spec: undefined must be a map/, 'no spec'],
    [yamlPool('x').replace(/spec:[^]*/, 'spec: 1'), /spec: 1 must be a map/, 'no map']
  ]
  for (const [bad, problem, why] of rows) {
    const text = `${yamlPool('first')}---\n# line 8\n${bad}\n---\n${yamlPool('last')}`
    const dir = t.testdir({ 'a.yaml': text, 'b.yaml': yamlPool('other') })
    const { names, problems } = await listing(dir)
    t.same(names, ['first', 'last', 'other'], `${why}: the others are there`)
    t.match(problems, [{ source: 'a.yaml, document 2', problem }], why)
    const unread = why === 'a stranger' ? undefined : join(dir, 'a.yaml')
    t.equal(problems[0]?.unread, unread, `${why}: what may be hidden`)
  }
})

t.test('one bad file takes no other along', async t => {
  const dir = t.testdir({
    'a.json': '{ "kind": \n',
    'b.yaml': yamlPool('b'),
    'c.yaml': {},
    'd.yaml': t.fixture('symlink', 'nowhere'),
    'e.yaml': Buffer.from([0x61, 0xff]),
    'f.yaml': '',
    'g.yaml': yamlPool('g')
  })
  truncateSync(join(dir, 'f.yaml'), maxPoolFileBytes + 1)
  const { names, problems } = await listing(dir)
  t.same(names, ['b', 'g'])
  t.match(problems, [
    { source: 'a.json, document 1', problem: /is no JSON: / },
    { source: 'c.yaml', problem: /is no regular file/ },
    { source: 'd.yaml', problem: /ENOENT/ },
    { source: 'e.yaml', problem: /is no UTF-8 text/ },
    { source: 'f.yaml', problem: /is larger than 1048576 bytes/ }
  ])
  t.ok(problems.every(({ unread }) => unread?.startsWith(dir)))
})

t.test('no more than so many files are read', async t => {
  const dir = t.testdir({})
  for (let i = 0; i < maxFiles + 2; i += 1) writeFileSync(join(dir, `${10_000 + i}.yaml`), '')
  writeFileSync(join(dir, '1.yaml'), yamlPool('first'))
  const { names, problems } = await listing(dir)
  t.same(names, ['first'])
  t.match(problems, [{ source: dir, problem: /1000 files are read .* 3 files/, unread: dir }])
})

t.test('a directory that is none is a problem', async t => {
  const dir = t.testdir({ file: '' })
  t.match((await listing(join(dir, 'file'))).problems, [{ problem: 'is no directory' }])
})

/** Watch with little patience; `changed` waits for the next call. */
function watched(directory: string, patience: { debounceMs?: number; rescanMs?: number }) {
  const calls = new EventTarget()
  let count = 0
  const source = createPoolFiles({ directories: [directory], debounceMs: 1, ...patience })
  const stop = source.watch(() => {
    count += 1
    calls.dispatchEvent(new Event('change'))
  })
  /** Unlike the watch, the waiting keeps the process alive. */
  const changed = async () => {
    const alive = setInterval(() => {}, 1_000)
    await once(calls, 'change')
    clearInterval(alive)
  }
  return { source, stop, changed, count: () => count }
}

const never = 3_600_000

t.test('a change is noticed by its event', async t => {
  const dir = t.testdir({ 'a.yaml': yamlPool('a') })
  const { source, stop, changed } = watched(dir, { rescanMs: never })
  t.teardown(stop)
  await source.read()
  const written = changed()
  writeFileSync(join(dir, 'b.yaml'), yamlPool('b'))
  await written
  const removed = changed()
  rmSync(join(dir, 'a.yaml'))
  await removed
  t.same(
    (await source.read()).documents.map(({ name }) => name),
    ['b']
  )
})

t.test('a ConfigMap mount changes by turning a link', async t => {
  const dir = t.testdir({
    '..1': { 'a.yaml': yamlPool('old') },
    '..2': { 'a.yaml': yamlPool('new') },
    '..data': t.fixture('symlink', '..1'),
    'a.yaml': t.fixture('symlink', '..data/a.yaml')
  })
  const { source, stop, changed } = watched(dir, { rescanMs: never })
  t.teardown(stop)
  const name = async () => (await source.read()).documents.map(one => one.name)
  t.same(await name(), ['old'])
  const turned = changed()
  symlinkSync('..2', join(dir, '..data_tmp'))
  renameSync(join(dir, '..data_tmp'), join(dir, '..data'))
  await turned
  t.same(await name(), ['new'])
})

t.test('what gives no event is found by looking', async t => {
  const dir = t.testdir({
    mount: { 'a.yaml': t.fixture('symlink', '../real/a.yaml') },
    real: { 'a.yaml': yamlPool('old') }
  })
  const { source, stop, changed } = watched(join(dir, 'mount'), { rescanMs: 5 })
  t.teardown(stop)
  await source.read()
  const written = changed()
  writeFileSync(join(dir, 'real/a.yaml'), yamlPool('newer'))
  await written
  t.equal((await source.read()).documents[0]?.name, 'newer')
})

t.test('a directory that comes, goes and comes again is followed', async t => {
  const dir = join(t.testdir({}), 'pools.d')
  const { source, stop, changed } = watched(dir, { rescanMs: 5 })
  t.teardown(stop)
  const names = async () => (await source.read()).documents.map(({ name }) => name)
  t.same(await names(), [])
  const until = async (expected: string[]) => {
    while (JSON.stringify(await names()) !== JSON.stringify(expected)) await changed()
  }
  mkdirSync(dir)
  writeFileSync(join(dir, 'a.yaml'), yamlPool('a'))
  await until(['a'])
  rmSync(dir, { recursive: true })
  await until([])
  mkdirSync(dir)
  await until([])
  writeFileSync(join(dir, 'b.yaml'), yamlPool('b'))
  await until(['b'])
  t.pass('every state was seen')
})

t.test('after the end there is no call', async t => {
  const dir = t.testdir({})
  const first = watched(dir, { debounceMs: 20, rescanMs: never })
  const second = watched(dir, { debounceMs: 60, rescanMs: never })
  t.teardown(second.stop)
  const seen = second.changed()
  writeFileSync(join(dir, 'a.yaml'), yamlPool('a'))
  first.stop()
  first.stop()
  await seen
  t.equal(first.count(), 0)
})

t.test('a directory that cannot be watched is logged once', async t => {
  const lines: string[] = []
  const note = (_: object, message: string) => void lines.push(message)
  const log = { debug: note, info: note, warn: note, error: note }
  const file = join(t.testdir({ file: '' }), 'file', 'below')
  const source = createPoolFiles({ directories: [file], log, rescanMs: 2_000 })
  const stop = source.watch(() => t.fail('nothing changes'))
  t.match((await source.read()).problems, [{ problem: 'is no directory' }])
  stop()
  t.same(lines, ['cannot be notified of changes and looks every 2 s instead'])
})

t.test('the embedded sample is a good pool', async t => {
  const sample = createSamplePool()
  const { documents, problems, skipped } = await sample.read()
  const [document] = documents
  t.ok(document)
  if (document === undefined) return
  t.match(parsePool(document, AddressSet.empty), { name: 'sample', isDefault: true, family: 4 })
  t.same([problems, skipped, documents.length], [[], [], 1])
  t.equal(sample.watch(() => {})(), undefined)
})
