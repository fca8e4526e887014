// The marks of reply paths: what nft reads back, which damage is seen, and where replies go.

import t, { type Test } from 'tap'
import type { Kernel } from '../../src/kernel/kernel.ts'
import type { Operation } from '../../src/kernel/operation.ts'
import { createThreadKernel } from '../../src/kernel/thread-kernel.ts'
import type { MarkState } from '../../src/kernel/view.ts'
import { keptLog } from '../support/link-lan.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const budgetMs = 10_000
const marks = { link: 'veth0', mark: 1 }
const put: Operation = { at: 'Pod', type: 'PutMarks', marks }

const listing = `table inet orbweaver {
	chain prerouting {
		type filter hook prerouting priority mangle; policy accept;
		iifname "veth0" ct state new ct mark set ct mark | 0x00000001 meta mark set meta mark | 0x00000001
		ct direction reply ct mark & 0x00000001 == 0x00000001 meta mark set meta mark | 0x00000001
	}

	chain output {
		type route hook output priority mangle; policy accept;
		ct mark & 0x00000001 == 0x00000001 meta mark set meta mark | 0x00000001
	}
}
`

/** Each is what somebody might do to the table, and what is said of it. */
const damages: readonly (readonly [commands: string, detail: RegExp])[] = [
  ['flush chain inet orbweaver output', /other rules in its chain output/],
  ['add rule inet orbweaver prerouting accept', /other rules in its chain prerouting/],
  ['insert rule inet orbweaver output meta mark 0 accept', /other rules in its chain output/],
  ['add chain inet orbweaver more', /a chain more more/],
  ['add table inet orbweaver { flags dormant; }', /is dormant/],
  [
    'flush chain inet orbweaver output; delete chain inet orbweaver output',
    /lacks the chain output/
  ],
  [
    'delete table inet orbweaver; add table inet orbweaver; ' +
      'add chain inet orbweaver prerouting { type filter hook prerouting priority 0; }',
    /a chain prerouting with another hook, priority or policy/
  ],
  [
    'flush chain inet orbweaver prerouting; add rule inet orbweaver prerouting ' +
      'iifname "veth1" ct state new ct mark set ct mark or 0x1 meta mark set meta mark or 0x1; ' +
      'add rule inet orbweaver prerouting ' +
      'ct direction reply ct mark and 0x1 == 0x1 meta mark set meta mark or 0x1',
    /other rules in its chain prerouting/
  ]
]

/** The pod's own way is `eth0`, behind which nobody answers; a node's cable comes by `veth0`. */
async function stage(t: Test): Promise<{ node: Netns; pod: Netns; kernel: Kernel }> {
  const [node, pod, router] = [await Netns.make(), await Netns.make(), await Netns.make()]
  t.teardown(() => Promise.all([node.remove(), pod.remove(), router.remove()]))
  await router.connect('port', pod, 'eth0')
  await node.connect('cable', pod, 'veth0')
  const kernel = createThreadKernel({ log: keptLog(), home: node.path })
  t.teardown(() => kernel.close())
  return { node, pod, kernel }
}

async function stateOf(kernel: Kernel, pod: Netns): Promise<MarkState | undefined> {
  const seen = await kernel.observe({ netns: pod.path, pod: { marks }, budgetMs })
  return seen.type === 'Observed' ? seen.pod?.marks : undefined
}

t.test('the table, as nft reads it', async t => {
  if (!requireRoot(t, 'the table of marks')) return
  if (!requirePrograms(t, 'the table of marks', ['nft'])) return
  const { pod, kernel } = await stage(t)
  const order = (...operations: readonly Operation[]) =>
    kernel.carryOut({ netns: pod.path, operations, budgetMs })
  t.same(await stateOf(kernel, pod), { type: 'Absent' })
  t.same(await order(put), { type: 'Done' })
  t.equal(await pod.exec('nft', 'list', 'ruleset'), listing)
  t.same(await stateOf(kernel, pod), { type: 'Intact' })
  for (const [commands, detail] of damages) {
    await pod.exec('nft', commands)
    t.match(await stateOf(kernel, pod), { type: 'Damaged', detail }, commands)
    t.same(await order(put), { type: 'Done' })
    t.equal(await pod.exec('nft', 'list', 'ruleset'), listing, 'it is made whole')
  }
  // What nft writes for the same text is the same to us, so the comparison is with what rules do.
  await pod.exec('nft', `flush ruleset; ${oneLine(listing)}`)
  t.same(await stateOf(kernel, pod), { type: 'Intact' })
  await pod.exec('nft', 'add table inet theirs')
  t.same(await order({ at: 'Pod', type: 'DeleteMarks' }), { type: 'Done' })
  t.equal(await pod.exec('nft', 'list', 'ruleset'), 'table inet theirs {\n}\n', 'others stay')
  t.same(await stateOf(kernel, pod), { type: 'Absent' })
})

function oneLine(text: string): string {
  return text.replaceAll(/;?\n\s*/g, match => (match.startsWith(';') ? '; ' : '\n'))
}

t.test('what comes by the cable is answered by the cable', async t => {
  if (!requireRoot(t, 'replies by the cable')) return
  const { node, pod, kernel } = await stage(t)
  const [podAddresses, far] = [
    ['10.6.0.7', 'fd06::7'],
    ['10.99.0.1', 'fd99::1']
  ]
  for (const [i, address] of podAddresses.entries()) {
    const bits = i === 0 ? '32' : '128'
    const family = i === 0 ? '-4' : '-6'
    await pod.addAddress('eth0', i === 0 ? `${address}/16` : `${address}/64`)
    // Somebody far away, whom the pod would answer by eth0.
    await node.addAddress('lo', `${far[i]}/${bits}`)
    await node.ip(family, 'route', 'add', `${address}/${bits}`, 'dev', 'cable')
    await pod.ip(family, 'route', 'add', 'default', 'dev', 'eth0')
    await pod.ip(family, 'route', 'add', 'default', 'dev', 'veth0', 'table', '100')
    await pod.ip(family, 'rule', 'add', 'pref', '1000', 'fwmark', '0x1', 'lookup', '100')
  }
  await neighbours(node, pod, podAddresses, far)
  const answers = async () => {
    const pings = podAddresses.map((address, i) =>
      node.exec('ping', '-n', '-c', '1', '-W', '1', '-I', far[i] ?? '', address).then(
        () => true,
        () => false
      )
    )
    return Promise.all(pings)
  }
  await pod.exec(
    'sh',
    '-c',
    'echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 0 >/proc/sys/net/ipv4/conf/veth0/rp_filter'
  )
  t.same(await answers(), [false, false], 'the answer leaves by eth0')
  t.same(await kernel.carryOut({ netns: pod.path, operations: [put], budgetMs }), { type: 'Done' })
  t.same(await answers(), [true, true], 'the answer comes back')
  const remove: Operation = { at: 'Pod', type: 'DeleteMarks' }
  await kernel.carryOut({ netns: pod.path, operations: [remove], budgetMs })
  t.same(await answers(), [false, false], 'it was the marks')
})

/** Nobody has to ask for a neighbour, so that a ping fails for one reason only. */
async function neighbours(
  node: Netns,
  pod: Netns,
  podAddresses: readonly string[],
  far: readonly string[]
): Promise<void> {
  const [cable, veth0] = [
    (await node.link('cable'))?.mac ?? '',
    (await pod.link('veth0'))?.mac ?? ''
  ]
  for (const address of podAddresses) {
    await node.ip('neigh', 'replace', address, 'lladdr', veth0, 'dev', 'cable')
  }
  for (const address of far) {
    await pod.ip('neigh', 'replace', address, 'lladdr', cable, 'dev', 'veth0')
    await pod.ip('neigh', 'replace', address, 'lladdr', '02:00:00:00:00:99', 'dev', 'eth0')
  }
}
