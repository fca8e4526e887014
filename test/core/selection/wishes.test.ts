// A00003: every annotation that says nothing usable is named with what is wrong with it.

import t from 'tap'
import { readNames, readWishes } from '../../../src/core/selection/wishes.ts'
import { ip } from '../../support/samples.ts'

const read = (annotations: Record<string, unknown>) =>
  readWishes(
    Object.fromEntries(
      Object.entries(annotations).map(([key, value]) => [
        `ipam.spidernet.io/${key}`,
        typeof value === 'string' ? value : JSON.stringify(value)
      ])
    )
  )

t.test('what is wrong', async t => {
  const rows: [Record<string, unknown>, RegExp][] = [
    [{ ippool: '{' }, /^ipam\.spidernet\.io\/ippool: is no JSON: /],
    [{ ippool: 'null' }, /^ipam\.spidernet\.io\/ippool: is null/],
    [{ ippool: ['a'] }, /ippool: \["a"\] must be a map like/],
    [{ ippool: {} }, /ippool\.ipv4: neither it nor ipv6 names a pool/],
    [{ ippool: { ipv4: 'a' } }, /ippool\.ipv4: "a" must be a list/],
    [{ ippool: { ipv4: [7] } }, /ippool\.ipv4\[0\]: 7 must be a text/],
    [{ ippool: { ipv4: ['a', 'a'] } }, /ippool\.ipv4\[1\]: "a" is named twice/],
    [{ ippool: { ipv4: ['a['] } }, /ippool\.ipv4\[0\]: "a\[" is no pattern/],
    [{ ippool: { ipV4: ['a'] } }, /ippool\.ipV4: unknown key; known are ipv4, ipv6/],
    [{ ippools: {} }, /ippools: \{\} must be a list of maps/],
    [{ ippools: [] }, /ippools: \[\] must be a list of maps with at least one/],
    [{ ippools: ['a'] }, /ippools\[0\]: "a" must be a map/],
    [{ ippools: [{ interface: 'eth0' }] }, /ippools\[0\]\.ipv4: neither/],
    [{ ippools: [{ interface: 'a/b', ipv4: ['a'] }] }, /\[0\]\.interface: "a\/b" must be the name/],
    [{ ippools: [{ interface: 'sixteen-bytes-xx', ipv4: ['a'] }] }, /must be the name/],
    [
      { ippools: [{ interface: 'eth0', ipv4: ['a'] }, { ipv4: ['b'] }] },
      /ippools: name the interface of every entry, or of none/
    ],
    [
      {
        ippools: [
          { interface: 'e', ipv4: ['a'] },
          { interface: 'e', ipv4: ['b'] }
        ]
      },
      /ippools: names the interface "e" twice/
    ],
    [
      { ippools: [{ ipv4: ['a'], cleangateway: 'yes' }] },
      /cleangateway: "yes" must be true or false/
    ],
    [{ routes: [{ dst: '10.0.0.0/8' }] }, /routes\[0\]\.gw: is missing; must be the address/],
    [{ routes: [{ gw: '10.0.0.1' }] }, /routes\[0\]\.dst: is missing/],
    [{ routes: [{ dst: '10.0.0.0/33', gw: '10.0.0.1' }] }, /routes\[0\]\.dst: /],
    [
      { routes: [{ dst: '10.0.0.0/8', gw: 'fd00::1' }] },
      /routes\[0\]\.gw: "fd00::1" must be IPv4 like dst/
    ],
    [{ routes: [{ dst: '10.0.0.0/8', gw: 'x' }] }, /routes\[0\]\.gw: "x" is no IP address/],
    [{ ips: '[]' }, /ips: \[\] must be a list like/],
    [{ ips: ['x'] }, /ipam\.spidernet\.io\/ips\[0\]: "x" is no IP address/],
    [{ ips: [{ ips: ['10.0.0.1'] }] }, /ips\[0\]\.interface: is missing/],
    [{ ippool: `{"ipv4":["${'x'.repeat(70_000)}"]}` }, /longer than 64 KiB/]
  ]
  for (const [annotations, problem] of rows) {
    const wishes = read(annotations)
    const problems = 'problems' in wishes ? wishes.problems : []
    t.match(problems.join('\n'), problem, JSON.stringify(annotations).slice(0, 80))
    t.ok(
      problems.every(text => text.startsWith('ipam.spidernet.io/')),
      'the annotation is named'
    )
  }
})

t.test('what is right', async t => {
  t.same(read({}), { routes: [], addresses: new Map() })
  t.same(read({ ippool: { ipv4: ['a', 'b*'] } }), {
    pools: { 4: ['a', 'b*'], 6: [] },
    routes: [],
    addresses: new Map()
  })
  t.match(read({ routes: [{ dst: '10.0.0.0/16', gw: '192.168.1.1' }] }), {
    routes: [{ dst: '10.0.0.0/16', gw: '192.168.1.1' }]
  })
  const wishes = read({ ips: [{ interface: 'net1', ips: ['10.0.0.1', 'fd00::1'] }] })
  t.same('addresses' in wishes && wishes.addresses.get('net1'), [ip('10.0.0.1'), ip('fd00::1')])
})

t.test('the lists of namespaces', async t => {
  const key = 'ipam.spidernet.io/default-ipv4-ippool'
  t.same(readNames(key, '["a","b"]'), ['a', 'b'])
  for (const text of ['{', '"a"', '[]', '[1]', '["a","a"]']) {
    const names = readNames(key, text)
    t.match('problems' in names && names.problems[0], new RegExp(`^${key}`), text)
  }
})
