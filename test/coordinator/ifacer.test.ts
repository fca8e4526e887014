// Parents of pods on a real host, by the executed plugin and a real daemon (row 27 of the acceptance set: N00001 to N00005).
// VLANs and bonds are modules of the kernel: without them all that can be seen is how their absence is told.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PluginError } from '../support/chained-pod.ts'
import { attempt } from '../support/command.ts'
import { plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { dumpOf, NodeDaemon, setSysctls, withoutDad } from '../support/underlay.ts'

const what = 'parents of pods'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nft', plugin])) await suite()

async function suite(): Promise<void> {
  const node = await Netns.make()
  await setSysctls(node, withoutDad)
  const host = await NodeDaemon.start(node, 1)
  t.teardown(async () => {
    await host[Symbol.asyncDispose]()
    await node.remove()
  })
  for (const [own, far] of [
    ['eth1', 'port1'],
    ['eth2', 'port2']
  ] as const) {
    await node.ip('link', 'add', own, 'type', 'veth', 'peer', 'name', far)
    await node.ip('link', 'set', far, 'up')
  }
  await node.ip('link', 'set', 'eth2', 'up')

  const execute = async (verb: string, wishes: object): Promise<unknown> => {
    const { socket, queue } = host.daemon
    const type = 'orbweaver-ifacer'
    const conf = { cniVersion: '1.0.0', name: 'lan', type, socket, queue, ...wishes }
    const env = {
      ...{ CNI_COMMAND: verb, CNI_CONTAINERID: 'c1', CNI_NETNS: node.path, CNI_IFNAME: 'eth0' },
      CNI_PATH: host.bin
    }
    const input = JSON.stringify(conf)
    const program = ['netns', 'exec', node.name ?? '', join(host.bin, type)]
    const { code, stdout, stderr } = await attempt('ip', program, { env, input })
    if (code !== 0) throw new PluginError(`${type} ${verb}`, stdout, stderr)
    return stdout === '' ? '' : JSON.parse(stdout)
  }
  const linkOf = async (name: string) => {
    const out = await node.ip('-j', '-d', 'link', 'show')
    interface Shown {
      readonly ifindex: number
      readonly ifname: string
      readonly master?: string
      readonly flags: readonly string[]
    }
    const links = JSON.parse(out) as Shown[]
    return links.find(({ ifname }) => ifname === name)
  }

  const isUp = async (name: string) => (await linkOf(name))?.flags.includes('UP')

  t.test('an interface that is down is set up, and nothing else is done', async t => {
    const wishes = { interfaces: ['eth1'] }
    await t.rejects(execute('CHECK', wishes), { code: 131, message: /eth1 .*: up/ })
    t.same(await execute('ADD', wishes), { cniVersion: '1.0.0' })
    t.equal(await execute('CHECK', wishes), '')
    t.ok(await isUp('eth1'))
    t.equal(await execute('DEL', wishes), '')
    t.ok(await isUp('eth1'), 'and stays so')
  })

  t.test('what cannot be on this host is named, and nothing is touched', async t => {
    const before = await dumpOf(node)
    await node.addAddress('eth2', '192.0.2.7/24')
    const rows: [object, RegExp][] = [
      [{ interfaces: ['eth7'], vlanID: 100 }, /eth7 does not exist on the host, which has .*eth1/],
      [{ interfaces: ['eth1', 'eth2'], bond: {} }, /eth2 has addresses of the node/],
      [{ interfaces: ['eth1', 'port1'], bond: { name: 'eth2' } }, /eth2 exists .* no bond/]
    ]
    for (const [wishes, message] of rows) {
      await t.rejects(execute('ADD', wishes), { code: 7, message })
    }
    await node.ip('address', 'delete', '192.0.2.7/24', 'dev', 'eth2')
    t.equal(await dumpOf(node), before)
  })

  /** False: this kernel does not have it, which was told, and nothing is left of the try. */
  async function makes(t: Test, kind: 'vlan' | 'bond', wishes: object): Promise<boolean> {
    const before = await dumpOf(node)
    try {
      await execute('ADD', wishes)
      return true
    } catch (error) {
      const module = { vlan: '8021q', bond: 'bonding' }[kind]
      const message = new RegExp(`taken back: adding the ${kind} .*its module ${module}`)
      t.match(error, { code: 130, message })
      t.equal(await dumpOf(node), before, 'nothing is left')
      t.comment(`left out: parents that are ${kind} links, which this kernel does not have`)
      return false
    }
  }

  t.test('a VLAN (N00001, N00002, N00003, N00004, N00005)', async t => {
    const wishes = { interfaces: ['eth1'], vlanID: 100 }
    await node.ip('link', 'set', 'eth1', 'down')
    if (!(await makes(t, 'vlan', wishes))) return
    t.match(await linkOf('eth1.100'), { linkinfo: { info_data: { id: 100 } } }, 'N00001')
    t.ok(await isUp('eth1'), 'N00005')
    const before = (await linkOf('eth1.100'))?.ifindex
    await execute('ADD', wishes)
    t.equal((await linkOf('eth1.100'))?.ifindex, before, 'N00002')
    t.equal(await execute('CHECK', wishes), '')
    await node.ip('link', 'set', 'eth1.100', 'down')
    await execute('ADD', wishes)
    t.ok(await isUp('eth1.100'), 'N00003')
    await t.rejects(
      execute('ADD', { ...wishes, interfaces: ['eth2'] }),
      { code: 7, message: /VLAN 100 exists on the host as eth1\.100/ },
      'N00004'
    )
    await execute('DEL', wishes)
    t.match(await linkOf('eth1.100'), {}, 'it stays')
    await node.ip('link', 'delete', 'eth1.100')
  })

  t.test('a bond, and a VLAN of it', async t => {
    const options = 'miimon=100;primary=eth2;arp_ip_target=10.0.0.1'
    const bond = { name: 'bond0', mode: 1, options: 'miimon=100;primary=eth2' }
    const wishes = { interfaces: ['eth1', 'eth2'], bond }
    if (!(await makes(t, 'bond', wishes))) return
    const seen = { mode: 'active-backup', miimon: 100, primary: 'eth2' }
    t.match(await linkOf('bond0'), { linkinfo: { info_data: seen } })
    for (const name of ['eth1', 'eth2']) t.match(await linkOf(name), { master: 'bond0' })
    const before = (await linkOf('bond0'))?.ifindex
    await execute('ADD', wishes)
    t.equal((await linkOf('bond0'))?.ifindex, before, 'a second pod finds it')
    t.equal(await execute('CHECK', wishes), '')
    await node.ip('link', 'set', 'eth1', 'nomaster')
    await t.rejects(execute('CHECK', wishes), { code: 131, message: /eth1/ })
    await execute('ADD', wishes)
    t.match(await linkOf('eth1'), { master: 'bond0' }, 'and what fell out of it')
    if (await makes(t, 'vlan', { ...wishes, vlanID: 7 })) {
      t.match(await linkOf('bond0.7'), { link: 'bond0' })
    }
    await t.rejects(execute('ADD', { ...wishes, bond: { ...bond, mode: 4, options } }), {
      code: 7,
      message: /with mode 1 \(active-backup\), and is to have 4 \(802\.3ad\)/
    })
    await node.ip('link', 'delete', 'bond0')
  })
}
