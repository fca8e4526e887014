// Three real daemons, pods on one of them, and a database that is gone: the pods keep their addresses, new ones
// get others at once, and when the others have told what they know everything is as it was.

import '../support/own-host.ts'

import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeClusterKey } from '../../src/mesh/cluster-key.ts'
import { allocatedBy, attachmentsOf } from '../support/admin.ts'
import { eventually } from '../support/command.ts'
import { plugin } from '../support/ipam.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { type Pod, poolSize, RecoveringNode } from './recovering-node.ts'

const what = 'nodes that lose their database'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', plugin])) await suite()

async function suite(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'recovery-'))
  const keyFile = join(dir, 'cluster.key')
  makeClusterKey(keyFile)
  const at = (port: number) => `/ip4/127.0.0.1/tcp/${port}`
  const mesh = (port: number) => ({
    listen: [at(port)],
    keyFile,
    ...(port === 17946 ? { registrar: true } : { peers: [at(17946)] })
  })
  const [a, b, c] = ['node-a', 'node-b', 'node-c'].map(
    (name, i) => new RecoveringNode(name, mesh(17946 + i))
  ) as [RecoveringNode, RecoveringNode, RecoveringNode]
  const nodes = [a, b, c]
  t.teardown(async () => {
    for (const node of nodes) await node.stop()
  })

  /** Nobody is missing, nobody is too many, and every address has one of those who live. */
  const settled = (count = 3) =>
    eventually('the cluster has settled', () => {
      const known = nodes.map(node => node.knowledge())
      const [first] = known
      if (first?.members !== count) return false
      const owners = [...first.owned.values()]
      const isSame = known.every(one => one?.custody === first.custody && one.openGrants === 0)
      return isSame && owners.length <= count && owners.length > 0
    })
  const unique = async (t: Test) => {
    const all = (await Promise.all(nodes.map(node => allocatedBy(node.daemon)))).flat()
    t.equal(new Set(all).size, all.length, 'no address twice')
    return all
  }
  const serving = async (node: RecoveringNode, name: string): Promise<Pod> => {
    let pod: Pod | undefined
    await eventually(`${node.name} serves`, async () => {
      try {
        pod = await node.add(name)
        return true
      } catch (error) {
        if (!/joined|custody|again|serves|cannot be asked/.test(String(error))) throw error
        return false
      }
    })
    return pod as Pod
  }

  for (const node of nodes) await node.start()
  await eventually('all have joined', () => nodes.every(n => n.knowledge()?.members === 3))

  const pods: Pod[] = []
  await t.test('pods on one node', async t => {
    pods.push(await serving(b, 'pod-1'))
    for (const name of ['pod-2', 'pod-3']) pods.push(await b.add(name))
    for (const name of ['pod-4', 'pod-5']) pods.push(await b.add(name, false))
    t.equal((await unique(t)).length, 5)
  })

  await t.test('the database is gone', async t => {
    const before = b.knowledge()?.incarnation
    await b.stop()
    b.lose()
    await b.start()
    t.same((await allocatedBy(b.daemon)).toSorted(), pods.map(pod => pod.address).toSorted())
    const keys = (await attachmentsOf(b.daemon)).map(({ containerId }) => containerId).toSorted()
    t.match(keys, [/^found-\d+$/, /^found-\d+$/, 'pod-1', 'pod-2', 'pod-3'])
    pods.push(await serving(b, 'pod-6'))
    await settled()
    t.not(b.knowledge()?.incarnation, before, 'as another incarnation')
    t.same((await unique(t)).toSorted(), pods.map(pod => pod.address).toSorted())
  })

  await t.test('its pods go as they came', async t => {
    const [first, , , found] = pods as [Pod, Pod, Pod, Pod]
    await b.unplug(first)
    t.equal((await b.delete(first)).status, 0)
    t.notOk((await allocatedBy(b.daemon)).includes(first.address), 'DEL of a pod of the cache')
    t.equal((await b.delete(found)).status, 0, 'DEL of a pod that was found')
    // Here nobody can see all processes; elsewhere it would go with its namespace.
    t.ok((await allocatedBy(b.daemon)).includes(found.address), 'it stays as long as its namespace')
  })

  await t.test('a pod that was deleted while nobody ran', async t => {
    const [, second] = pods as [Pod, Pod]
    await b.stop()
    b.lose()
    await b.unplug(second)
    t.equal((await b.deleteUnnoted(second)).status, 0)
    await b.start()
    const all = await allocatedBy(b.daemon)
    t.ok(all.length > 0)
    t.notOk(all.includes(second.address), 'its DEL comes after the ADD that the cache tells of')
    await settled()
  })

  await t.test('an older copy is as good as none', async t => {
    await b.stop()
    const copy = mkdtempSync(join(dir, 'copy-'))
    const database = join(b.stateDir, 'orbweaver.db')
    cpSync(database, join(copy, 'db'))
    await b.start()
    const late = await serving(b, 'pod-late')
    await b.stop()
    cpSync(join(copy, 'db'), database)
    await b.start()
    t.ok((await allocatedBy(b.daemon)).includes(late.address), 'a pod that the copy does not know')
    t.ok(
      readdirSync(b.stateDir).some(name => /\.lost-\d$/.test(name)),
      'the copy lies aside'
    )
    await settled()
    await unique(t)
  })

  await t.test('an empty disk', async t => {
    const used = (await allocatedBy(b.daemon)).toSorted()
    await b.stop()
    rmSync(b.stateDir, { recursive: true })
    await b.start()
    t.same((await allocatedBy(b.daemon)).toSorted(), used)
    await serving(b, 'pod-after')
    await settled()
    await unique(t)
  })

  await t.test('who cannot look around serves nothing, and changes nothing', async t => {
    const used = (await allocatedBy(b.daemon)).toSorted()
    await b.stop()
    b.lose()
    const left = readdirSync(b.stateDir).toSorted()
    const file = join(dir, 'file')
    writeFileSync(file, '')
    await b.start({ namespaceDirs: [file], resultCacheDir: join(dir, 'nothing') })
    const refused = await b.tryAdd('pod-x', (pods[1] as Pod).netns)
    t.match(JSON.parse(refused.stdout), {
      code: 113,
      msg: /cannot tell which pods.*start it again/
    })
    await b.stop()
    t.same(readdirSync(b.stateDir).toSorted(), left)
    await b.start()
    t.same((await allocatedBy(b.daemon)).toSorted(), used)
    await settled()
  })

  await t.test('the state of another machine', async t => {
    const other = await serving(c, 'pod-c')
    await c.stop()
    const d = new RecoveringNode('node-d', mesh(17949))
    nodes.push(d)
    cpSync(c.stateDir, d.stateDir, { recursive: true })
    const old = c.knowledge()?.incarnation
    await c.start()
    await d.start()
    await eventually('it has joined', () => nodes.every(n => n.knowledge()?.members === 4))
    t.match(d.daemon.log(), /the database is of another machine/)
    t.equal(c.knowledge()?.incarnation, old, 'the original goes on')
    t.not(d.knowledge()?.incarnation, old)
    t.same(await allocatedBy(d.daemon), [])
    t.ok((await allocatedBy(c.daemon)).includes(other.address))
    await serving(d, 'pod-d')
    await settled(4)
    await unique(t)
    t.notMatch(nodes.map(node => node.daemon.log()).join(''), /DUPLICATE_LIVE_IP/)
  })

  await t.test('nothing was lost', async t => {
    const count = (await unique(t)).length
    let added = 0
    for (const node of nodes) {
      for (;;) {
        const name = `fill-${added}`
        try {
          await node.add(name)
        } catch {
          break
        }
        added += 1
        if (added > poolSize) break
      }
    }
    t.equal(count + added, poolSize, 'the whole pool can be used')
    await unique(t)
  })

  await t.test('the registrar says what to do', async t => {
    await a.stop()
    a.lose()
    await a.start()
    const refused = await a.tryAdd('pod-x', (pods[1] as Pod).netns)
    t.match(JSON.parse(refused.stdout), { code: 113, msg: /keeps the registry.*mesh\.registrar/ })
  })
}
