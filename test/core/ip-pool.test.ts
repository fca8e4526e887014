import t from 'tap'
import { formatAddress } from '../../src/core/address.ts'
import { formatRange, parseRange } from '../../src/core/address-range.ts'
import { AddressSet } from '../../src/core/address-set.ts'
import type { IpPool } from '../../src/core/ip-pool.ts'
import {
  parsePool,
  parseReserved,
  type PoolDocument,
  problemText
} from '../../src/core/pool-document.ts'

type Spec = Readonly<Record<string, unknown>>

function documentOf(spec: Spec, name = 'blue'): PoolDocument {
  return { kind: 'SpiderIPPool', name, spec, source: 'blue.yaml, document 1' }
}

/** A good pool with some keys changed; undefined takes one away. */
function blue(changes: Spec = {}): Spec {
  return { subnet: '10.6.0.0/16', ips: ['10.6.0.10-10.6.0.20'], ...changes }
}

function pool(spec: Spec, reserved = AddressSet.empty): IpPool {
  const parsed = parsePool(documentOf(spec), reserved)
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  return parsed
}

function setOf(...texts: string[]): AddressSet {
  return AddressSet.of(
    texts.map(text => {
      const range = parseRange(text)
      if ('problem' in range) throw new Error(range.problem)
      return range
    })
  )
}

function texts(set: AddressSet): string[] {
  return [...set.ranges()].map(formatRange)
}

t.test('a full pool is read', async t => {
  const read = pool({
    subnet: '10.6.0.0/16',
    ipVersion: 4,
    ips: ['10.6.0.10-10.6.0.20', '10.6.0.1'],
    excludeIPs: ['10.6.0.1', '10.6.0.15-10.6.0.16'],
    gateway: '10.6.0.1',
    routes: [{ dst: '10.9.0.0/16', gw: '10.6.0.254' }],
    podAffinity: { matchLabels: { app: 'web' } },
    namespaceName: ['default'],
    default: true,
    disable: true,
    vlan: 0
  })
  t.same(texts(read.usable), ['10.6.0.10-10.6.0.14', '10.6.0.17-10.6.0.20'])
  t.equal(read.gateway && formatAddress(read.gateway), '10.6.0.1')
  t.same(read.routes, [{ dst: '10.9.0.0/16', gw: '10.6.0.254' }])
  t.match(read, { name: 'blue', family: 4, isDefault: true, isDisabled: true })
  t.same(read.affinity, {
    podAffinity: { matchLabels: { app: 'web' }, matchExpressions: [] },
    namespaceName: ['default']
  })
})

t.test('what is absent or null has its default', async t => {
  const bare = pool({ subnet: 'fd00:6::/64', gateway: null, podAffinity: null, routes: null })
  t.match(bare, { family: 6, isDefault: false, isDisabled: false, routes: [] })
  t.ok(bare.usable.isEmpty, 'a pool without addresses is a pool')
  for (const key of ['gateway', 'affinity']) t.notOk(key in bare, key)
})

t.test('what selects everybody is no affinity', async t => {
  const open = { nodeAffinity: {}, namespaceAffinity: { matchLabels: {} }, nodeName: [] }
  t.notOk('affinity' in pool(blue(open)))
})

t.test('usable addresses', async t => {
  const rows: [Spec, string[], string[], string][] = [
    [{}, [], ['10.6.0.10-10.6.0.20'], 'ips'],
    [{}, ['10.6.0.10', '10.7.0.0', 'fd00::1'], ['10.6.0.11-10.6.0.20'], 'reserved'],
    [{ ips: ['10.6.0.10', '10.6.0.10-10.6.0.11'] }, [], ['10.6.0.10-10.6.0.11'], 'ips overlap'],
    [{ excludeIPs: ['10.6.0.0-10.6.255.255'] }, [], [], 'all excluded'],
    [{ ips: ['10.6.0.0-10.6.255.255'] }, [], ['10.6.0.1-10.6.255.254'], 'network, broadcast'],
    [{ subnet: '10.6.0.10/31', ips: ['10.6.0.10-10.6.0.11'] }, [], ['10.6.0.10-10.6.0.11'], '/31'],
    [{ subnet: 'fd00::/64', ips: ['fd00::-fd00::2'] }, [], ['fd00::1-fd00::2'], 'anycast'],
    [
      { subnet: '10.0.0.0/8', ips: ['10.0.0.0-10.255.255.255'] },
      [],
      ['10.0.0.1-10.255.255.254'],
      '/8'
    ],
    [
      { subnet: 'fd00::/64', ips: ['fd00::-fd00::ffff:ffff:ffff:ffff'] },
      ['fd00::5'],
      ['fd00::1-fd00::4', 'fd00::6-fd00::ffff:ffff:ffff:ffff'],
      '/64'
    ]
  ]
  for (const [changes, reserved, expected, why] of rows) {
    t.same(texts(pool(blue(changes), setOf(...reserved)).usable), expected, why)
  }
})

t.test('a bad field is refused with key, value and what it may be', async t => {
  const routes = (...list: unknown[]) => ({ routes: list })
  const to = (dst: unknown, gw: unknown = '10.6.0.1') => routes({ dst, gw })
  const rows: [Spec, RegExp, string][] = [
    [{ subnet: undefined }, /^spec\.subnet: is missing; must be the subnet/, 'no subnet'],
    [{ subnet: 10.6 }, /^spec\.subnet: 10\.6 must be the subnet/, 'a number'],
    [{ subnet: '10.6.1.0/16' }, /^spec\.subnet: .*the subnet is 10\.6\.0\.0\/16/, 'host bits'],
    [{ subnet: '::/64', ips: [] }, /^spec\.subnet: "::\/64" holds ::ffff:0:0\/96/, 'holds IPv4'],
    [
      { ipVersion: 6 },
      /^spec\.ipVersion: 6 contradicts spec\.subnet 10\.6\.0\.0\/16/,
      'other family'
    ],
    [{ ipVersion: 5 }, /^spec\.ipVersion: 5 must be 4 or 6/, 'no such version'],
    [{ ipVersion: '4' }, /^spec\.ipVersion: "4" must be 4 or 6/, 'a text'],
    [{ ips: '10.6.0.1' }, /^spec\.ips: "10\.6\.0\.1" must be a list/, 'no list'],
    [{ ips: [10.6] }, /^spec\.ips\[0\]: 10\.6 must be a text/, 'a number'],
    [{ ips: ['10.6.0.1', ''] }, /^spec\.ips\[1\]: "" must be a text/, 'an empty text'],
    [{ ips: ['10.6.0.0/24'] }, /^spec\.ips\[0\]: .*CIDR notation are not allowed/, 'CIDR'],
    [
      { ips: ['10.7.0.1'] },
      /^spec\.ips\[0\]: "10\.7\.0\.1" must lie inside spec\.subnet/,
      'outside'
    ],
    [{ ips: ['10.6.255.250-10.7.0.5'] }, /must lie inside spec\.subnet 10\.6/, 'half outside'],
    [{ ips: ['fd00::1'] }, /^spec\.ips\[0\]: "fd00::1" must be IPv4/, 'other family'],
    [{ ips: ['10.6.0.9-10.6.0.1'] }, /ends before it starts/, 'downward'],
    [{ excludeIPs: ['10.7.0.1'] }, /^spec\.excludeIPs\[0\]: .* must lie inside/, 'outside'],
    [{ excludeIPs: ['x'] }, /^spec\.excludeIPs\[0\]: "x" is no IP address/, 'nonsense'],
    [
      { gateway: '10.7.0.1' },
      /^spec\.gateway: "10\.7\.0\.1" must lie inside spec\.subnet/,
      'outside'
    ],
    [{ gateway: 'fd00::1' }, /^spec\.gateway: "fd00::1" must lie inside/, 'other family'],
    [{ gateway: '10.6.0.10' }, /^spec\.gateway: "10\.6\.0\.10" .*put it into excludeIPs/, 'usable'],
    [{ gateway: '' }, /^spec\.gateway: "" must be an IP address/, 'empty'],
    [{ gateway: 1 }, /^spec\.gateway: 1 must be an IP address/, 'a number'],
    [{ routes: {} }, /^spec\.routes: \{\} must be a list/, 'no list'],
    [routes('x'), /^spec\.routes\[0\]: "x" must be a map/, 'no map'],
    [routes({ gw: '10.6.0.1' }), /^spec\.routes\[0\]\.dst: is missing/, 'no dst'],
    [routes({ dst: '10.9.0.0/16' }), /^spec\.routes\[0\]\.gw: is missing/, 'no gw'],
    [to('10.9.0.1/16'), /^spec\.routes\[0\]\.dst: .*the subnet is 10\.9\.0\.0/, 'host bits'],
    [to('10.9.0.1'), /^spec\.routes\[0\]\.dst: "10\.9\.0\.1" is no subnet/, 'no prefix'],
    [to(5), /^spec\.routes\[0\]\.dst: 5 must be a subnet/, 'a number'],
    [to('0.0.0.0/0'), /^spec\.routes\[0\]\.dst: "0\.0\.0\.0\/0" is the default route/, 'default'],
    [to('::/0'), /^spec\.routes\[0\]\.dst: "::\/0" is the default route/, 'IPv6 default'],
    [to('fd00::/64'), /^spec\.routes\[0\]\.dst: "fd00::\/64" must be IPv4/, 'other family'],
    [to('10.9.0.0/16', '10.9.0.1'), /^spec\.routes\[0\]\.gw: .* must lie inside/, 'unreachable gw'],
    [
      routes({ dst: '10.9.0.0/16', gw: '10.6.0.1' }, { dst: '10.9.0.0/16', gw: '10.6.0.2' }),
      /^spec\.routes\[1\]\.dst: "10\.9\.0\.0\/16" has a route already/,
      'twice'
    ],
    [
      routes({ dst: '10.9.0.0/16', gw: '10.6.0.1', mtu: 1 }),
      /routes\[0\]\.mtu: unknown key/,
      'typo'
    ],
    [{ default: 'yes' }, /^spec\.default: "yes" must be true or false/, 'YAML 1.1'],
    [{ disable: 1 }, /^spec\.disable: 1 must be true or false/, 'a number'],
    [{ vlan: 'x' }, /^spec\.vlan: "x" must be an integer/, 'vlan'],
    [{ podAffinity: {} }, /^spec\.podAffinity: \{\} must not be empty/, 'empty podAffinity'],
    [{ podAffinity: [] }, /^spec\.podAffinity: \[\] must be a map/, 'no map'],
    [{ nodeAffinity: { matchLabel: {} } }, /^spec\.nodeAffinity\.matchLabel: unknown key/, 'typo'],
    [{ nodeName: 'n1' }, /^spec\.nodeName: "n1" must be a list/, 'no list'],
    [{ multusName: [1] }, /^spec\.multusName\[0\]: 1 must be a text/, 'a number'],
    [{ excludeIps: [] }, /^spec\.excludeIps: unknown key; known are subnet, .*excludeIPs/, 'typo']
  ]
  for (const [changes, problem, why] of rows) {
    const refused = parsePool(documentOf(blue(changes)), AddressSet.empty)
    t.match(refused, { problems: [problem] }, why)
    t.equal('problems' in refused && refused.problems.length, 1, `${why}: nothing else is wrong`)
  }
})

t.test('all problems are told at once, up to a limit', async t => {
  const several = parsePool(
    documentOf(blue({ gateway: 'x', default: 1 }), 'Blue_'),
    AddressSet.empty
  )
  t.match(several, { problems: [/^metadata\.name: "Blue_"/, /^spec\.gateway/, /^spec\.default/] })
  const many = parsePool(documentOf(blue({ ips: Array(100_000).fill('x') })), AddressSet.empty)
  t.match(many, { problems: { length: 21, 20: 'and 99980 problems more' } })
})

t.test('a gateway that is excluded, or in no range, is fine', async t => {
  t.ok(pool(blue({ gateway: '10.6.0.1' })))
  t.ok(pool(blue({ gateway: '10.6.0.10', excludeIPs: ['10.6.0.10'] })))
})

t.test('a name must be a DNS-1123 subdomain', async t => {
  const rows: [string, boolean, string][] = [
    ['blue', true, 'plain'],
    ['blue.rack-1', true, 'parts'],
    ['1', true, 'a digit'],
    ['a'.repeat(63), true, 'the longest part'],
    [Array(127).fill('a').join('.'), true, '253 characters'],
    [Array(128).fill('a').join('.'), false, '255 characters'],
    ['a'.repeat(64), false, 'a part too long'],
    ['Blue', false, 'upper case'],
    ['-blue', false, 'a dash in front'],
    ['blue.', false, 'a dot at the end'],
    ['blue\n', false, 'a line end'],
    ['', false, 'empty']
  ]
  for (const [name, isGood, why] of rows) {
    const parsed = parsePool(documentOf(blue(), name), AddressSet.empty)
    t.equal(!('problems' in parsed), isGood, why)
  }
})

t.test('a problem is one line that names the document', async t => {
  const where = { source: 'blue.yaml, document 1', problem: 'spec.subnet: is missing' }
  t.equal(problemText(where), 'blue.yaml, document 1: spec.subnet: is missing')
  t.equal(
    problemText({ ...where, name: 'blue' }),
    'blue.yaml, document 1 (blue): spec.subnet: is missing'
  )
})

t.test('reserved addresses', async t => {
  const reserved = (spec: Spec) =>
    parseReserved({ kind: 'SpiderReservedIP', name: 'r', spec, source: 'r.yaml, document 1' })
  const good: [Spec, string[], string][] = [
    [{ ips: ['10.6.0.1', '10.7.0.0-10.7.0.9'] }, ['10.6.0.1', '10.7.0.0-10.7.0.9'], 'IPv4'],
    [{ ipVersion: 6, ips: ['fd00::1'] }, ['fd00::1'], 'IPv6'],
    [{ ipVersion: 4, ips: [] }, [], 'nothing, of a known family']
  ]
  for (const [spec, expected, why] of good) {
    const set = reserved(spec)
    t.same('problems' in set ? set : texts(set), expected, why)
  }
  const bad: [Spec, RegExp, string][] = [
    [{}, /^spec\.ips: is missing; must name at least one/, 'nothing'],
    [{ ips: [] }, /^spec\.ips: \[\] must name at least one/, 'an empty list'],
    [{ ips: ['10.0.0.0/24'] }, /CIDR notation are not allowed/, 'CIDR'],
    [{ ips: ['10.0.0.1', 'fd00::1'] }, /^spec\.ips\[1\]: "fd00::1" must be IPv4/, 'both families'],
    [{ ipVersion: 6, ips: ['10.0.0.1'] }, /"10\.0\.0\.1" must be IPv6/, 'the other family'],
    [{ ipVersion: 4, ips: ['::1-fd00::1'] }, /mixes IPv4 and IPv6/, 'all of IPv4 between'],
    [{ ips: ['10.0.0.1'], subnet: '10.0.0.0/8' }, /^spec\.subnet: unknown key/, 'unknown key']
  ]
  for (const [spec, problem, why] of bad) t.match(reserved(spec), { problems: [problem] }, why)
})
