// From what runtimes remember and what is really there to attachments: whose pod it is, what is gone, what
// nobody remembers, and what two claim.

import t from 'tap'
import { formatAddress } from '../../src/core/address.ts'
import { type Attachment, keyText } from '../../src/core/attachment.ts'
import type { Inhabited } from '../../src/host/namespace-survey.ts'
import { type CachedResult, parseCachedResult } from '../../src/host/result-cache.ts'
import { livingPods } from '../../src/living-pods.ts'
import type { SandboxProbe, Seen } from '../../src/ports/sandbox-probe.ts'
import { cached } from '../support/cached-result.ts'
import { ManualClock } from '../support/manual-clock.ts'
import * as fc from '../support/property.ts'
import { ip, pool } from '../support/samples.ts'

const witness = { path: '/run/netns', id: '1:1' }
const gateway = ip('10.6.0.1')
const blue = { ...pool('blue', '10.6.0.0/16', '10.6.0.5-10.6.0.9'), gateway }
const named = { ipam: { type: 'orbweaver', default_ipv4_ippool: ['blue'] } }

function result(id: string, addresses: readonly string[], more = {}, plugin = {}): CachedResult {
  const content = cached(id, addresses, { netns: `/run/netns/${id}`, ...more }, plugin)
  const parsed = parseCachedResult(Buffer.from(JSON.stringify(content)), 0)
  if (parsed === undefined || 'problem' in parsed) throw new Error(JSON.stringify(parsed))
  return parsed
}

function home(name: string, ...addresses: readonly string[]): Inhabited {
  const path = `/run/netns/${name}`
  return { path, id: `4:${name}`, witness, addresses: addresses.map(ip), isLived: false }
}

interface World {
  readonly results?: readonly CachedResult[]
  readonly homes?: readonly Inhabited[]
  readonly unseen?: readonly string[]
  /** What is at other paths than those of `homes`; nothing. */
  readonly seen?: Readonly<Record<string, Seen>>
}

function census({ results = [], homes = [], unseen = [], seen = {} }: World): Attachment[] {
  const probe: SandboxProbe = {
    see: path => {
      const there = homes.find(one => one.path === path)
      if (there !== undefined) return { type: 'Namespace', id: there.id, witness }
      return seen[path] ?? { type: 'Missing' }
    },
    census: () => Promise.resolve({ namespaces: [], isComplete: false }),
    sight: () => Promise.reject(new Error('nobody looks again'))
  }
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const survey = { namespaces: homes, unseen }
  const around = { probe, clock: new ManualClock(), boot: 'boot-1', log }
  return livingPods({ survey, results, pools: new Map([['blue', blue]]) }, around)
}

const shown = (attachments: readonly Attachment[]) =>
  attachments.map(one => [
    keyText(one.key),
    ...one.assignments.map(({ address }) => formatAddress(address))
  ])

t.test('a pod that its runtime remembers', async t => {
  const [found, ...others] = census({
    results: [result('a', ['10.6.0.5/16'], {}, named)],
    homes: [home('a', '10.6.0.5')]
  })
  t.same(others, [])
  t.match(found, {
    key: { network: 'underlay', containerId: 'a', ifname: 'eth0' },
    pod: { name: 'web' },
    sandbox: { path: '/run/netns/a', namespace: '4:a', witness, began: { boot: 'boot-1' } },
    demand: 'ipv4 pools blue, ipv6 pools none',
    assignments: [{ address: ip('10.6.0.5'), prefix: 16, pool: 'blue' }]
  })
})

t.test('whether it lives', async t => {
  const one = (more: object, world: World = {}) =>
    shown(census({ ...world, results: [result('a', ['10.6.0.5/16'], more)] }))
  const alive = [['underlay/a/eth0', '10.6.0.5']]
  const nowhere = { netns: undefined }
  t.same(one({}), [], 'its namespace is gone')
  t.same(one({}, { unseen: ['x'] }), [], 'that is so whatever else is not seen')
  t.same(one({}, { seen: { '/run/netns/a': { type: 'Own' } } }), [], 'the host')
  const unreadable = { '/run/netns/a': { type: 'Unreadable', why: 'EACCES' } } as const
  t.same(one({}, { seen: unreadable }), alive, 'nothing is concluded from what is not seen')
  t.same(one({}, { homes: [home('moved', '10.6.0.5')] }), alive, 'it is elsewhere')
  t.same(one(nowhere), [], 'nothing was missed, and it was nowhere')
  t.same(one(nowhere, { unseen: ['x'] }), alive, 'it may have been missed')
  t.same(one(nowhere, { homes: [home('b', '10.6.0.5')] }), alive, 'its address shows where it is')
})

t.test('addresses that nobody remembers', async t => {
  const found = census({
    results: [result('a', ['10.6.0.5/16'])],
    homes: [home('a', '10.6.0.5'), home('b', '10.6.0.1', '10.6.0.6', '10.6.9.9', '10.7.0.6')]
  })
  t.same(shown(found), [
    ['underlay/a/eth0', '10.6.0.5'],
    ['-/found-b/-', '10.6.0.6', '10.6.9.9']
  ])
  t.match(found[1]?.sandbox, { path: '/run/netns/b', namespace: '4:b', witness })
})

t.test('a pool that is gone', async t => {
  const gone = { ipam: { type: 'orbweaver', default_ipv4_ippool: ['green'] } }
  const [kept] = census({ results: [result('a', ['10.8.0.5/24'], {}, gone)], homes: [home('a')] })
  t.match(kept?.assignments, [{ pool: 'green', prefix: 24 }], 'is drained under its name')
  t.same(census({ results: [result('a', ['10.8.0.5/24'])], homes: [home('a')] }), [])
})

t.test('an address that two claim is of the one that has it', async t => {
  const results = [result('old', ['10.6.0.5/16']), result('new', ['10.6.0.5/16'])]
  const homes = [home('old'), home('new', '10.6.0.5')]
  t.equal(census({ results, homes }).length, 1)
  const seen = census({ results: [result('old', ['10.6.0.6/16']), ...results.slice(1)], homes })
  t.same(shown(seen), [
    ['underlay/new/eth0', '10.6.0.5'],
    ['underlay/old/eth0', '10.6.0.6']
  ])
})

t.test('keys that no request could have are not taken, their addresses are', async t => {
  const found = census({
    results: [result('../../etc', ['10.6.0.5/16'], { netns: '/run/netns/a' })],
    homes: [home('a', '10.6.0.5')]
  })
  t.same(shown(found), [['-/found-a/-', '10.6.0.5']])
})

t.test('whatever there is, every address in a namespace is used, once', async () => {
  const address = fc.integer({ min: 5, max: 9 }).map(host => `10.6.0.${host}`)
  const name = fc.constantFrom('a', 'b', 'c')
  const cachedPod = fc.tuple(name, fc.array(address), fc.boolean())
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, fc.array(address)), { selector: ([one]) => one }),
      fc.array(cachedPod),
      fc.boolean(),
      (places, pods, isBlind) => {
        const attachments = census({
          homes: places.map(([one, list]) => home(one, ...new Set(list))),
          results: pods.map(([one, list, hasPath]) =>
            result(
              one,
              list.map(text => `${text}/16`),
              hasPath ? {} : { netns: undefined }
            )
          ),
          unseen: isBlind ? ['something'] : []
        })
        const used = attachments.flatMap(one => one.assignments.map(each => each.address))
        const keys = attachments.map(({ key }) => keyText(key))
        const there = new Set(places.flatMap(([, list]) => list.map(ip)))
        return (
          new Set(used).size === used.length &&
          new Set(keys).size === keys.length &&
          [...there].every(one => used.includes(one))
        )
      }
    )
  )
})
