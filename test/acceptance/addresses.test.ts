// Addresses of one node, from pools of both families: how many, from where, again and not twice.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { eventually } from '../support/command.ts'
import { numberedPool, poolObject, podObject, workloadObject } from './kube.ts'
import { anyPod, sandboxOf } from './kubelet.ts'
import { Stage } from './stage.ts'

const kinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicaSet']
const six = (name: string, number: number) =>
  poolObject(name, { subnet: `fd0${number}::/64`, ips: [`fd0${number}::10-fd0${number}::29`] })
const wide = poolObject('wide', {
  subnet: 'fd48::/48',
  ips: ['fd48::10-fd48:0:0:ffff:ffff:ffff:ffff:ffff']
})

const stage = await Stage.open(t, {
  pools: [
    ...[numberedPool('four', 1, 29), six('six', 1), numberedPool('three', 2, 12)],
    ...[numberedPool('old', 3), numberedPool('again', 4), six('again6', 4), wide]
  ],
  facts: kinds.flatMap(kind => {
    const of = { kind, name: kind.toLowerCase(), replicas: 1 }
    return [workloadObject(of), podObject({ name: `${of.name}-0`, of })]
  })
})

t.test(
  'E00001 E00002 E00003 E00004 E00005 E00006: v4, v6 and both, whoever owns the pod',
  async t => {
    const v4 = /^10\.1\.0\.(1\d|2\d)$/
    const v6 = /^fd01::(1\d|1[a-f]|2\d)$/
    const rows = [
      { what: 'IPv4', kubelet: stage.using(['four']), expected: [v4] },
      { what: 'IPv6', kubelet: stage.using([], ['six']), expected: [v6] },
      { what: 'both', kubelet: stage.using(['four'], ['six']), expected: [v4, v6] }
    ]
    for (const { what, kubelet, expected } of rows) {
      for (const name of ['nobody-0', ...kinds.map(kind => `${kind.toLowerCase()}-0`)]) {
        const pod = sandboxOf(name)
        const { ips } = await kubelet.add(pod)
        t.equal(ips.length, expected.length, `${what}, ${name}: as many as families`)
        t.match(ips, expected, `${what}, ${name}: from inside the pools`)
        t.same((await stage.allocated()).length, ips.length, 'and no more is taken')
        await kubelet.del(pod)
      }
    }
  }
)

t.test('E00009: one family of two, when the pod names pools of one', async t => {
  const kubelet = stage.using(['four'], ['six'])
  const only = async (family: string, pool: string) => {
    const pod = anyPod({ annotations: { ippool: { [family]: [pool] } } })
    const { ips } = await kubelet.add(pod)
    await kubelet.del(pod)
    return ips
  }
  t.match(await only('ipv4', 'four'), [/^10\.1\./])
  t.match(await only('ipv6', 'six'), [/^fd01::/])
})

t.test('E00008: a full pool is code 110, and serves again when a pod has gone', async t => {
  const kubelet = stage.using(['three'])
  const pods = [anyPod(), anyPod(), anyPod()] as const
  for (const pod of pods) await kubelet.add(pod)
  const late = anyPod()
  const refused = await kubelet.refuse(late)
  t.equal(refused.code, 110)
  t.match(refused.msg, /pool "three" is full/)
  t.match(refused.details, /three: 3 of 3 used/)
  await kubelet.del(pods[1])
  t.same((await kubelet.add(late)).ips, ['10.2.0.11'], 'what was given back')
  for (const pod of [pods[0], pods[2], late]) await kubelet.del(pod)
})

t.test(
  'D00017 P10 #3541: a /48 is counted to the last address, and costs what it holds',
  async t => {
    const total = 2n ** 80n - 0x10n
    t.equal(BigInt((await stage.usage('wide')).total), total)
    const kubelet = stage.using([], ['wide'])
    const before = residentKiB()
    const pods = Array.from({ length: 10 }, () => anyPod())
    for (const pod of pods) t.match((await kubelet.add(pod)).ips, [/^fd48::/])
    const { used, free } = await stage.usage('wide')
    t.equal(BigInt(used), 10n)
    t.equal(BigInt(free), total - 10n)
    t.ok(residentKiB() - before < 32 * 1024, 'nothing is enumerated')
    for (const pod of pods) await kubelet.del(pod)
    const { used: left } = await stage.usage('wide')
    t.equal(left, 0)
  }
)

t.test('a repeated ADD is the same to the byte, and changes nothing', async t => {
  const kubelet = stage.using(['again'], ['again6'])
  const pod = anyPod()
  const first = await kubelet.add(pod)
  for (let i = 0; i < 3; i += 1) t.equal((await kubelet.add(pod)).text, first.text)
  t.equal((await stage.usage('again')).used, 1)
  await kubelet.del(pod)
})

t.test('DEL twice, before its ADD, and with its namespace gone', async t => {
  const kubelet = stage.using(['again'])
  const never = anyPod()
  await kubelet.del(never)
  const { ips } = await kubelet.add(never)
  await kubelet.del(never)
  await kubelet.del(never)
  t.equal((await stage.usage('again')).used, 0)
  const namespace = await stage.namespace()
  const pod = anyPod({ netns: namespace.path })
  await kubelet.add(pod)
  await namespace.remove()
  await kubelet.del(pod)
  await kubelet.del({ ...pod, netns: '' })
  t.equal((await stage.usage('again')).used, 0)
  t.equal(ips.length, 1)
})

t.test('3.1 3.3: the DEL of an old sandbox leaves the new one of the pod alone', async t => {
  const kubelet = stage.using(['old'])
  const [old, young] = [sandboxOf('web-x'), sandboxOf('web-x')]
  const [had] = (await kubelet.add(old)).ips
  const has = await kubelet.add(young)
  t.not(has.ips[0], had, 'both live for a while')
  await kubelet.del(old)
  t.equal(await kubelet.check(young, has), undefined)
  t.same((await kubelet.add(young)).text, has.text)
  t.same(
    (await stage.attachments()).map(({ containerId }) => containerId),
    [young.id]
  )
  await kubelet.del(young)
})

t.test('CHECK finds what is not as it was', async t => {
  const kubelet = stage.using(['again'], ['again6'])
  const pod = anyPod()
  const added = await kubelet.add(pod)
  t.equal(await kubelet.check(pod, added), undefined)
  const drifted = { ...added, text: added.text.replace(added.ips[0] ?? '', '10.4.0.200') }
  t.match(await kubelet.check(pod, drifted), { code: 120, msg: added.ips[0] })
  t.match(await kubelet.check(anyPod(), added), { code: 3 }, 'a sandbox that nobody knows')
  await kubelet.del(pod)
  t.match(await kubelet.check(pod, added), { code: 3 }, 'one that is gone')
})

t.test('G2: what was released comes back last', async t => {
  const kubelet = stage.using(['old'])
  const isRested = async () => (await stage.usage('old')).free === 10
  await eventually('what others had has cooled down', isRested)
  const seen = []
  for (let i = 0; i < 10; i += 1) {
    const pod = anyPod()
    seen.push(...(await kubelet.add(pod)).ips)
    await kubelet.del(pod)
  }
  t.equal(new Set(seen).size, 10, 'each of the pool once')
})

function residentKiB(): number {
  const status = readFileSync(`/proc/${stage.daemon.process.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])
}
