// The configuration: what holds without it, and what is said of each kind of mistake.

import { hostname } from 'node:os'
import t from 'tap'
import { defaultConfig, parseConfig, readConfig } from '../../src/config/daemon-config.ts'
import { readNodeEnvironment } from '../../src/config/node-environment.ts'

t.test('without a file all defaults hold', async t => {
  t.same(defaultConfig(), {
    nodeName: hostname(),
    stateDir: '/var/lib/orbweaver',
    socket: '/run/orbweaver/cni.sock',
    adminSocket: '/run/orbweaver/admin.sock',
    queueDir: '/var/lib/orbweaver/queue',
    factsDirs: [],
    detection: { conflict: false, gateway: false, budgetSeconds: 3 },
    multus: { namespace: 'kube-system' },
    fixedAddresses: { statefulSets: true, virtualMachines: true },
    subnets: { spareAddresses: 1 },
    bootIdFile: '/proc/sys/kernel/random/boot_id',
    machineIdFile: '/etc/machine-id',
    resultCacheDir: '/var/lib/cni',
    lockWaitSeconds: 30,
    log: { level: 'info' },
    cooldown: { seconds: 30, scarceSeconds: 5 },
    reconcile: { everySeconds: 30, graceSeconds: 60 }
  })
})

t.test('every path can be moved', async t => {
  const config = parseConfig(
    'stateDir: /a\npoolDirs: [/b, /c]\nfactsDirs: [/f]\nlog: {level: debug}',
    'x'
  )
  t.match(config, {
    stateDir: '/a',
    queueDir: '/a/queue',
    poolDirs: ['/b', '/c'],
    factsDirs: ['/f'],
    log: { level: 'debug' }
  })
  t.equal(parseConfig('stateDir: /a\nqueueDir: /q', 'x').queueDir, '/q')
  t.equal(parseConfig('cooldown: {seconds: 2}', 'x').cooldown.scarceSeconds, 2)
})

t.test('a file for all nodes means on each what its environment says', async t => {
  const text = [
    'mesh:',
    '  listen: [/ip4/0.0.0.0/tcp/7946, "/ip6/::/tcp/7946"]',
    '  peers: [/ip4/192.0.2.1/tcp/7946, /ip4/192.0.2.2/tcp/7946]',
    '  registrar: b'
  ].join('\n')
  const on = (name: string, address: string) =>
    parseConfig(
      text,
      'x',
      readNodeEnvironment({ ORBWEAVER_NODE_NAME: name, ORBWEAVER_NODE_ADDRESS: address })
    )
  t.match(on('a', '192.0.2.1'), {
    nodeName: 'a',
    mesh: {
      registrar: false,
      announce: ['/ip4/192.0.2.1/tcp/7946'],
      peers: ['/ip4/192.0.2.2/tcp/7946']
    }
  })
  t.match(on('b', '192.0.2.2, 2001:db8::2'), {
    nodeName: 'b',
    mesh: {
      registrar: true,
      announce: ['/ip4/192.0.2.2/tcp/7946', '/ip6/2001:db8::2/tcp/7946'],
      peers: ['/ip4/192.0.2.1/tcp/7946']
    }
  })
  t.match(on('', ''), {
    nodeName: hostname(),
    mesh: { announce: [], peers: ['/ip4/192.0.2.1/tcp/7946', '/ip4/192.0.2.2/tcp/7946'] }
  })
  t.equal(parseConfig('nodeName: c', 'x', { nodeName: 'a', addresses: [] }).nodeName, 'c')
  t.same(
    parseConfig(`${text}\n  announce: [/ip4/198.51.100.7/tcp/1]`, 'x', { addresses: ['192.0.2.1'] })
      .mesh?.announce,
    ['/ip4/198.51.100.7/tcp/1'],
    'what is written holds'
  )
})

t.test('a mistake is named with its key and what it may be', async t => {
  const rows = [
    ['stateDir: state', /stateDir: must be an absolute path/],
    ['stateDir: 7', /stateDir: must be an absolute path/],
    [`socket: /${'x'.repeat(99)}`, /socket: must have at most 99 bytes/],
    ['poolDirs: /etc', /poolDirs: must be a list/],
    ['poolDirs: [etc]', /poolDirs\.0: must be an absolute path/],
    ['detection: {conflict: on-demand}', /detection\.conflict: must be true or false/],
    ['detection: {budgetSeconds: 0}', /detection\.budgetSeconds: must be a number of seconds/],
    ['multus: {clusterNetwork: macvlan}', /multus\.clusterNetwork: must be a network as namespace/],
    ['multus: {namespace: ""}', /multus\.namespace: must be a namespace/],
    ['factsDirs: /f', /factsDirs: must be a list of absolute paths/],
    ['factsDirs: [f]', /factsDirs\.0: must be an absolute path/],
    ['log: {level: loud}', /log\.level: must be one of trace, debug, info/],
    ['log: loud', /log: must be a section/],
    ['cooldown: {seconds: -1}', /cooldown\.seconds: must be a number of seconds from 0 to 86400/],
    ['cooldown: {seconds: 1, scarceSeconds: 2}', /scarceSeconds: must not be more than/],
    ['statedir: /a', /statedir: unknown key; known are nodeName, stateDir/],
    [
      'reconcile: {every: 1}',
      /reconcile\.every: unknown key; known are everySeconds, graceSeconds/
    ],
    ['nodeName: ""', /nodeName: must not be empty/],
    ['- a', /the file: must be/],
    ['a: [', /x\.yaml: /]
  ] as const
  for (const [text, message] of rows) {
    t.throws(() => parseConfig(text, 'x.yaml'), { code: 'ERR_CONFIG_INVALID', message }, text)
  }
  t.throws(() => parseConfig('stateDir: a\nsocket: b', 'x'), {
    name: 'ConfigInvalidError',
    problems: [/stateDir/, /socket/]
  })
  t.throws(() => readConfig('/nowhere/config.yaml'), {
    code: 'ERR_CONFIG_INVALID',
    message: /cannot be read/
  })
})
