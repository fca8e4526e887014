// Facts from files: what is known at once, after a change, and while something cannot be read.

import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type FactFilesOptions, openFactFiles } from '../../src/config/fact-files.ts'
import { readFactFiles } from '../../src/config/fact-reading.ts'
import { factsOfNode } from '../../src/core/selection/facts.ts'

type Parts = Readonly<Record<string, unknown>>

const never = 3_600_000
const own = factsOfNode('node-a')

function json(kind: string, name: string, labels: Parts = {}) {
  const metadata = { name, labels, ...(kind === 'Pod' && { namespace: 'shop', uid: `u-${name}` }) }
  return { apiVersion: 'v1', kind, metadata, spec: {}, status: {} }
}

/** A pod of kubectl's YAML with its label `app`. */
function yamlPod(name: string, app: string): string {
  return [
    'apiVersion: v1',
    'kind: Pod',
    'metadata:',
    '  creationTimestamp: "2026-11-23T10:00:00Z"',
    '  labels:',
    `    app: ${app}`,
    `  name: ${name}`,
    '  namespace: shop',
    'spec:',
    '  restartPolicy: Always',
    ''
  ].join('\n')
}

async function opened(
  t: Test,
  directories: readonly string[],
  patience: Pick<FactFilesOptions, 'debounceMs' | 'rescanMs'> = {}
) {
  const warnings: unknown[] = []
  const overs: unknown[] = []
  const log = {
    debug: () => {},
    info: ({ problem }: Parts) => void overs.push(problem),
    warn: ({ problem }: Parts) => void warnings.push(problem),
    error: () => t.fail('nothing is that bad')
  }
  const options = { directories, own, log, debounceMs: 1, rescanMs: never, ...patience }
  const facts = await openFactFiles(options)
  t.teardown(() => facts.close())
  const changes = new EventTarget()
  facts.watch(() => changes.dispatchEvent(new Event('change')))
  const apps = (...names: string[]) =>
    names.map(name => facts.of({ namespace: 'shop', name }).pod?.labels['app'])
  /** Unlike the watch, the waiting keeps the process alive. */
  const until = async (holds: () => boolean) => {
    const alive = setInterval(() => {}, 1_000)
    while (!holds()) await once(changes, 'change')
    clearInterval(alive)
  }
  return { facts, warnings, overs, apps, until }
}

t.test('all that kubectl prints is known at once', async t => {
  const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'u-db' }
  const owned = json('Pod', 'db-0')
  const items = [
    { ...owned, metadata: { ...owned.metadata, ownerReferences: [{ ...set, controller: true }] } },
    { ...set, metadata: { name: 'db', namespace: 'shop', uid: 'u-db' }, spec: { replicas: 3 } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'b' } }
  ]
  const dir = t.testdir({
    a: {
      'pods.yaml': `${yamlPod('web-0', 'web')}---\n${yamlPod('web-1', 'web')}`,
      'all.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
    },
    b: {
      'node.yml': JSON.stringify(json('Node', 'node-a', { zone: 'z1' })),
      'namespace.yaml': JSON.stringify(json('Namespace', 'shop', { team: 'a' })),
      'README.md': '{'
    }
  })
  const { facts, apps, warnings } = await opened(t, [join(dir, 'a'), join(dir, 'b')])
  t.same(apps('web-0', 'web-1', 'web-2'), ['web', 'web', undefined])
  t.match(facts.of({ namespace: 'shop', name: 'db-0', uid: 'u-db-0' }), {
    node: { name: 'node-a', labels: { zone: 'z1' } },
    namespace: { labels: { team: 'a' } },
    pod: { owner: { kind: 'StatefulSet', name: 'db', replicas: 3, firstOrdinal: 0 } }
  })
  t.same(facts.of({}), { ...own, node: { name: 'node-a', labels: { zone: 'z1' } } })
  t.same(warnings, [])
})

t.test('what is written, renamed or removed is followed', async t => {
  const dir = t.testdir({ 'a.yaml': yamlPod('a', 'old'), 'b.yaml': yamlPod('b', 'old') })
  const { apps, until, warnings } = await opened(t, [dir])
  t.same(apps('a', 'b'), ['old', 'old'])
  writeFileSync(join(dir, '.new'), yamlPod('a', 'newer'))
  renameSync(join(dir, '.new'), join(dir, 'a.yaml'))
  await until(() => apps('a')[0] === 'newer')
  t.same(apps('b'), ['old'])
  rmSync(join(dir, 'b.yaml'))
  await until(() => apps('b')[0] === undefined)
  writeFileSync(join(dir, 'a.yaml'), '')
  await until(() => apps('a')[0] === undefined)
  t.same(warnings, [])
})

t.test('only what was told of is gone, and only when nothing is hidden', async t => {
  const set = (name: string, labels: unknown = {}) => ({
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', spec: { replicas: 3 } },
    metadata: { name, namespace: 'shop', uid: `u-${name}`, labels }
  })
  const write = (...objects: unknown[]) =>
    writeFileSync(join(dir, 'a.yaml'), objects.map(one => JSON.stringify(one)).join('\n---\n'))
  const dir = t.testdir({ 'b.yaml': yamlPod('mark', 'm0') })
  write(set('db'), json('Pod', 'db-0'))
  const { facts, until, apps } = await opened(t, [dir])
  const read = async (mark: string) => {
    writeFileSync(join(dir, 'b.yaml'), yamlPod('mark', mark))
    await until(() => apps('mark')[0] === mark)
  }
  const workload = (name: string) =>
    facts.workload({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'shop', name })
  const pod = { namespace: 'shop', name: 'db-0', uid: 'u-db-0' }
  t.match(workload('db'), { replicas: 3 })
  t.equal(workload('other'), 'Unknown')
  t.equal(facts.presence(pod), 'Told')
  t.equal(facts.presence({ ...pod, uid: 'u-9' }), 'Untold')
  write({ ...set('db'), metadata: { name: 7 } })
  await read('m1')
  t.equal(workload('db'), 'Unknown', 'it may be what cannot be read')
  t.equal(facts.presence(pod), 'Unknown')
  write()
  await read('m2')
  t.equal(workload('db'), 'Gone')
  t.equal(workload('other'), 'Unknown')
  t.equal(facts.presence(pod), 'Untold')
})

t.test('a lost event is made good by looking', async t => {
  const dir = t.testdir({ real: { 'a.yaml': yamlPod('a', 'old') }, facts: {} })
  const directories = [join(dir, 'facts'), join(dir, 'later')]
  const { apps, until } = await opened(t, directories, { rescanMs: 5 })
  t.same(apps('a'), [undefined])
  renameSync(join(dir, 'real/a.yaml'), join(dir, 'facts/a.yaml'))
  await until(() => apps('a')[0] === 'old')
  mkdirSync(join(dir, 'later'))
  writeFileSync(join(dir, 'later/b.yaml'), yamlPod('a', 'later'))
  await until(() => apps('a')[0] === 'later')
  t.pass('a directory that appears is read')
})

t.test('a bad document is named, and the others hold', async t => {
  const bad = yamlPod('bad', '5')
  const dir = t.testdir({
    'a.yaml': `${yamlPod('a', 'web')}---\n${bad}---\n${yamlPod('b', 'web')}`,
    'b.json': JSON.stringify([1])
  })
  const { apps, warnings, overs, until } = await opened(t, [dir])
  t.same(apps('a', 'bad', 'b'), ['web', undefined, 'web'])
  t.match(warnings, [
    'a.yaml, document 2: metadata.labels.app: 5 must be a text; quote it',
    /^b\.json, document 1: \[1\] must be a map/
  ])
  writeFileSync(join(dir, 'a.yaml'), bad.replace('5', '"5"'))
  await until(() => apps('bad')[0] === '5')
  t.equal(warnings.length, 2, 'what was said is not said again')
  t.match(overs, [/^a\.yaml, document 2/])
})

t.test('what was known of a file stays as far as it cannot be read', async t => {
  const good = `${yamlPod('a', 'old')}---\n${yamlPod('b', 'old')}---\n${yamlPod('c', 'old')}`
  const dir = t.testdir({ 'a.yaml': good, 'b.json': JSON.stringify(json('Pod', 'd')) })
  const { facts, apps, until, warnings } = await opened(t, [dir])
  writeFileSync(join(dir, 'b.json'), '{"apiVersion": "v1", "ki')
  writeFileSync(
    join(dir, 'a.yaml'),
    `${yamlPod('a', 'new')}---\na: "x\n---\n${yamlPod('c', 'new')}`
  )
  await until(() => apps('a')[0] === 'new' && warnings.length === 2)
  t.same(apps('a', 'b', 'c'), ['new', 'old', 'new'])
  t.ok(facts.of({ namespace: 'shop', name: 'd' }).pod)
  t.match(warnings.map(String).sort(), [
    /^a\.yaml, document 2: is no YAML/,
    /^b\.json, document 1: is no JSON/
  ])
  rmSync(join(dir, 'b.json'))
  writeFileSync(join(dir, 'a.yaml'), yamlPod('a', 'newest'))
  await until(() => apps('a')[0] === 'newest')
  t.same(apps('b', 'c'), [undefined, undefined], 'what is read again is the whole truth')
  t.equal(facts.of({ namespace: 'shop', name: 'd' }).pod, undefined)
})

t.test('a directory that is away is not empty', async t => {
  const dir = t.testdir({ facts: { 'a.yaml': yamlPod('a', 'web') } })
  const { apps, until, warnings } = await opened(t, [`${dir}/facts/`], { rescanMs: 5 })
  renameSync(join(dir, 'facts'), join(dir, 'away'))
  await until(() => warnings.length > 0)
  t.match(warnings, [/facts\/: there is no such directory/])
  t.same(apps('a'), ['web'])
  mkdirSync(join(dir, 'facts'))
  await until(() => apps('a')[0] === undefined)
  t.pass('an empty one is')
})

t.test('an object in two files', async t => {
  const dir = t.testdir({ 'a.yaml': yamlPod('a', 'first'), 'b.yaml': yamlPod('a', 'second') })
  const { apps, warnings } = await opened(t, [dir])
  t.same(apps('a'), ['second'])
  t.same(warnings, ['b.yaml, document 1: Pod shop/a is in a.yaml, document 1 too; this one counts'])
})

t.test('after the end nothing is read and nobody is called', async t => {
  const dir = t.testdir({ 'a.yaml': yamlPod('a', 'old') })
  const first = await opened(t, [dir])
  const second = await opened(t, [dir])
  first.facts.watch(() => t.fail('it has ended'))
  const unwatch = second.facts.watch(() => t.fail('nobody listens'))
  unwatch()
  writeFileSync(join(dir, 'a.yaml'), yamlPod('a', 'new'))
  await first.facts.close()
  await second.until(() => second.apps('a')[0] === 'new')
  t.same(first.apps('a'), ['old'])
})

t.test('a file that is more than its reader can bear takes no other along', async t => {
  const dir = t.testdir({
    'a.yaml': yamlPod('a', 'web'),
    'b.yaml': 'a,'.repeat(1_048_577),
    'c.yaml': {},
    'd.json': JSON.stringify(json('Pod', 'd'))
  })
  const files = ['a.yaml', 'b.yaml', 'c.yaml', 'none.yaml', 'd.json']
  const readings = await readFactFiles(
    files.map(label => ({ path: join(dir, label), label })),
    new AbortController().signal
  )
  t.match(readings, [
    { objects: [{ name: 'a' }], problems: [], isPartial: false },
    { objects: [], problems: ['b.yaml: is larger than 2097152 bytes'], isPartial: true },
    { objects: [], problems: ['c.yaml: is no regular file'], isPartial: true },
    { objects: [], problems: [/^none\.yaml: ENOENT/], isPartial: true },
    { objects: [{ name: 'd' }], problems: [], isPartial: false }
  ])
  const over = new AbortController()
  over.abort()
  t.same(await readFactFiles([{ path: join(dir, 'a.yaml'), label: 'a' }], over.signal), [])
})
