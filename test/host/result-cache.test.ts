// The runtimes' result cache: files as libcni writes them, and files that nobody should have written.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { formatAddress } from '../../src/core/address.ts'
import {
  type CachedResult,
  parseCachedResult,
  readResultCache
} from '../../src/host/result-cache.ts'
import { cached } from '../support/cached-result.ts'
import * as fc from '../support/property.ts'

const encode = (content: unknown) => Buffer.from(JSON.stringify(content))

function parsed(content: unknown): CachedResult {
  const result = parseCachedResult(encode(content), 7)
  if (result === undefined || 'problem' in result) throw new Error(JSON.stringify(result))
  return result
}

const addresses = ({ addresses }: CachedResult) =>
  addresses.map(({ address, prefix }) => `${formatAddress(address)}/${prefix}`)

t.test('what libcni writes', async t => {
  const result = parsed(cached('pod1', ['10.6.0.5/16', 'fd00:6::5/64'], { netns: '/run/netns/a' }))
  t.match(result, {
    network: 'underlay',
    containerId: 'pod1',
    ifname: 'eth0',
    netns: '/run/netns/a',
    args: 'IgnoreUnknown=1;K8S_POD_NAME=web',
    role: 'orbweaver',
    writtenMs: 7,
    conf: { name: 'underlay', cniVersion: '1.0.0', type: 'macvlan', runtimeConfig: {} }
  })
  t.same(addresses(result), ['10.6.0.5/16', 'fd00:6::5/64'])
})

t.test('older forms', async t => {
  const content = cached('pod1', [])
  const interfaces = [{ name: 'veth1' }, { name: 'eth0', sandbox: '/proc/7/ns/net' }]
  const old = { ...content, result: { interfaces, ip4: { ip: '10.6.0.5/16' }, ip6: null } }
  t.match(parsed(old), { netns: '/proc/7/ns/net' })
  t.same(addresses(parsed(old)), ['10.6.0.5/16'])
  const single = { name: 'underlay', type: 'macvlan', ipam: { type: 'spiderpool' } }
  const config = Buffer.from(JSON.stringify(single)).toString('base64')
  t.match(parsed({ ...content, config }), { role: 'spiderpool', conf: { type: 'macvlan' } })
})

t.test('a plugin is given what it says that it can do', async t => {
  const given = { ips: ['10.6.0.9'], mac: '02:00:00:00:00:01' }
  const content = cached('pod1', [], {}, { capabilities: { ips: true, mac: false } })
  t.same(parsed({ ...content, capabilityArgs: given }).conf['runtimeConfig'], { ips: ['10.6.0.9'] })
})

t.test('what is not ours, and what is broken', async t => {
  const content = cached('pod1', ['10.6.0.5/16'])
  const other = cached('pod1', ['10.6.0.5/16'], {}, { ipam: { type: 'host-local' } })
  t.equal(parseCachedResult(encode(other), 0), undefined)
  t.equal(parseCachedResult(encode({ ...content, kind: 'cniCacheV9' }), 0), undefined)
  for (const broken of [
    { ...content, config: 'no base64 of JSON' },
    { ...content, containerId: 7 },
    { ...content, ifName: '' },
    { ...content, result: [] },
    cached('pod1', Array<string>(65).fill('10.6.0.5/16')),
    []
  ]) {
    t.match(parseCachedResult(encode(broken), 0), { problem: String })
  }
  const odd = ['10.6.0.5', '10.6.0.5/33', '10.6.0.5/16/1', 'x/16', '10.6.0.6/16']
  t.same(addresses(parsed(cached('pod1', odd))), ['10.6.0.6/16'])
})

t.test('nothing makes it throw', async () => {
  const content = cached('pod1', ['10.6.0.5/16'])
  const members = Object.keys(content)
  fc.assert(
    fc.property(fc.constantFrom(...members), fc.jsonValue(), (name, value) => {
      parseCachedResult(encode({ ...content, [name]: value }), 0)
    })
  )
  const plugin = fc.record({ ipam: fc.jsonValue(), capabilities: fc.jsonValue() })
  fc.assert(
    fc.property(fc.array(plugin), fc.jsonValue(), fc.jsonValue(), (plugins, ips, interfaces) => {
      const config = encode({ name: 'n', plugins }).toString('base64')
      parseCachedResult(encode({ ...content, config, result: { ips, interfaces } }), 0)
    })
  )
  fc.assert(fc.property(fc.uint8Array(), bytes => void parseCachedResult(Buffer.from(bytes), 0)))
})

t.test('a directory of them', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'orbweaver-cache-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  t.match(await readResultCache(dir), { unreadable: /results/ })
  const path = (name: string) => join(dir, 'results', name)
  mkdirSync(path(''))
  t.same(await readResultCache(dir), { results: [], problems: [] })
  writeFileSync(path('a'), encode(cached('pod1', ['10.6.0.5/16'])))
  writeFileSync(path('b'), '{')
  writeFileSync(path('c'), Buffer.alloc(1024 * 1024 + 1, ' '))
  symlinkSync('/dev/zero', path('d'))
  execFileSync('mkfifo', [path('e')])
  mkdirSync(path('f'))
  const cache = await readResultCache(dir)
  if ('unreadable' in cache) throw new Error(cache.unreadable)
  t.same(
    cache.results.map(({ containerId }) => containerId),
    ['pod1']
  )
  t.equal(cache.problems.length, 5, cache.problems.join('\n'))
})
