// From Spiderpool: its pools as kubectl prints them, the addresses that their status tells, those of pods that live, and
// that none of them is handed out.

import '../support/own-host.ts'

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { formatAddress } from '../../src/core/address.ts'
import { parseAllocatedIps } from '../../src/core/allocated-ips.ts'
import { importInUse } from '../../src/import.ts'
import { poolsOf } from '../support/admin.ts'
import { attempt, eventually } from '../support/command.ts'
import { startDaemon } from '../support/daemon.ts'
import { mainProgram } from '../support/main-program.ts'
import { Netns } from '../support/netns.ts'
import { requireRoot } from '../support/privilege.ts'

const main = mainProgram()
const dir = mkdtempSync(join(tmpdir(), 'migrate-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

/** As a running Spiderpool has it. */
function pool(name: string, subnet: string, ips: string[], held: Record<string, string>): object {
  const allocated = Object.entries(held).map(([ip, pod]) => [ip, { pod, podUid: `uid-of-${pod}` }])
  return {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderIPPool',
    metadata: { name, finalizers: ['spiderpool.spidernet.io'], resourceVersion: '4711' },
    spec: { subnet, ips, default: true, disable: false, ipVersion: subnet.includes(':') ? 6 : 4 },
    status: {
      allocatedIPs: JSON.stringify(Object.fromEntries(allocated)),
      allocatedIPCount: allocated.length,
      totalIPCount: 10
    }
  }
}

const blue = pool('blue', '10.6.0.0/24', ['10.6.0.10-10.6.0.19'], {
  '10.6.0.10': 'default/web-0',
  '10.6.0.11': 'default/web-1',
  '10.6.0.15': 'kube-system/dns-x'
})
const six = pool('six', 'fd06::/64', ['fd06::10-fd06::1f'], { 'fd06::10': 'default/web-0' })

function written(name: string, content: unknown): string {
  const file = join(dir, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

const list = written('pools.json', { apiVersion: 'v1', kind: 'List', items: [blue, six] })

t.test('what a status tells', async t => {
  const { allocated, problems } = parseAllocatedIps((blue as { status: {} }).status)
  t.same(problems, [])
  t.same(
    allocated.map(({ address, pod }) => `${formatAddress(address)} ${pod}`),
    ['10.6.0.10 default/web-0', '10.6.0.11 default/web-1', '10.6.0.15 kube-system/dns-x']
  )
  t.same(parseAllocatedIps({}), { allocated: [], problems: [] }, 'a pool that nobody uses')
  const rows = [
    [{ allocatedIPs: '{"10.6.0.10":' }, /must be a text with a JSON object/],
    [{ allocatedIPs: { '10.6.0.10': {} } }, /must be a text with a JSON object/],
    [{ allocatedIPs: '{"10.6.0.300":{}}' }, /"10\.6\.0\.300" is no address/],
    [{ allocatedIPs: '{"10.6.0.10":{}}', allocatedIPCount: 2 }, /says 2, and 1 are listed/]
  ] as const
  for (const [status, problem] of rows) {
    t.match(parseAllocatedIps(status).problems, [problem], JSON.stringify(status))
  }
})

t.test('it becomes reservations, and what cannot be read prints nothing', async t => {
  const { code, stdout, stderr } = await attempt(process.execPath, [main, 'import', list])
  t.equal(code, 0)
  t.equal(stderr, 'blue: 3 in use by its status\nsix: 1 in use by its status\n')
  t.same(
    parseAllDocuments(stdout).map(document => document.toJS()),
    [
      {
        ...{ apiVersion: 'spiderpool.spidernet.io/v2beta1', kind: 'SpiderReservedIP' },
        metadata: { name: 'in-use-blue' },
        spec: { ipVersion: 4, ips: ['10.6.0.10-10.6.0.11', '10.6.0.15'] }
      },
      {
        ...{ apiVersion: 'spiderpool.spidernet.io/v2beta1', kind: 'SpiderReservedIP' },
        metadata: { name: 'in-use-six' },
        spec: { ipVersion: 6, ips: ['fd06::10'] }
      }
    ]
  )
  const torn = written('torn.json', { ...blue, status: { allocatedIPs: '{' } })
  const failed = await attempt(process.execPath, [main, 'import', list, torn])
  t.match(failed, { code: 1, stdout: '', stderr: /torn\.json.*\(blue\): status\.allocatedIPs/ })
  const none = await attempt(process.execPath, [main, 'import', written('none.json', '{}')])
  t.match(none, { code: 1, stdout: '', stderr: /no SpiderIPPool was found/ })
})

t.test('the daemon reads the same pools as they are, and hands out nothing of it', async t => {
  const options = { files: [list], live: false, bootIdFile: '/proc/sys/kernel/random/boot_id' }
  const { text } = await importInUse(options)
  const pools = [blue, six].map(one => JSON.stringify(one)).join('\n---\n')
  await using daemon = await startDaemon({ pools: `${pools}\n---\n${text}` })
  const shown = await eventually('it has its addresses', async () => {
    const all = await poolsOf(daemon)
    return all.every(({ total, free }) => total === free) && all
  })
  t.match(
    shown.map(({ name, total, used, free }) => ({ name, total, used, free })),
    [
      { name: 'blue', total: 7, used: 0, free: 7 },
      { name: 'six', total: 15, used: 0, free: 15 }
    ]
  )
})

t.test('pods that live are found without the API server', async t => {
  if (!requireRoot(t, 'import from living namespaces')) return
  const pod = await Netns.make()
  t.teardown(() => pod.remove())
  await pod.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'x')
  await pod.addAddress('eth0', '10.6.0.12/24')
  await pod.addAddress('eth0', 'fd06::11/64')
  await pod.addAddress('eth0', '192.0.2.7/24')
  const config = written('config.yaml', 'namespaceDirs: [/run/netns]\n')
  const { code, stdout, stderr } = await attempt(process.execPath, [
    ...[main, 'import', '--live', '--config', config, list]
  ])
  t.equal(code, 0, stderr)
  t.match(stderr, /blue: 4 in use: 3 by its status, 1 more in namespaces here/)
  t.same(
    parseAllDocuments(stdout).map(document => document.toJS().spec.ips),
    [['10.6.0.10-10.6.0.12', '10.6.0.15'], ['fd06::10-fd06::11']]
  )
})
