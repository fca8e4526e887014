// Conformance 15-17: STATUS and GC.

import t from 'tap'
import type { Daemon } from '../support/daemon.ts'
import type { Json, JsonObject } from './netconf.ts'
import { fiveIpv4 } from './pools.ts'
import { codeOf, failureFrom } from './verdict.ts'
import { decode, type Message, Middleman } from './wire.ts'
import { conformance, nobody, type World } from './world.ts'

/** The kubelet asks every few seconds and nobody sets a deadline; the machine may be busy. */
const statusMsMax = 5000

const newest = { cniVersion: '1.1.0' }

conformance('case 15: STATUS says whether an ADD could be taken, at once', {}, async (w, t) => {
  const timed = async (verb: () => Promise<unknown>) => {
    const began = performance.now()
    await verb()
    const ms = performance.now() - began
    t.ok(ms < statusMsMax, `${ms.toFixed(0)} ms`)
  }
  await timed(() => w.runtime.status(w.list(newest)))
  for (let i = 0; i < 5; i += 1) await w.add(w.pod())
  // An exhausted pool is no broken node: with a non-zero status here containerd would call it NotReady.
  await timed(() => w.runtime.status(w.list(newest)))
  await w.daemon.stop()
  await timed(async () => {
    t.equal((await failureFrom(w.runtime.status(w.list(newest)))).code, 50)
  })
  await w.restart()
  await timed(() => w.runtime.status(w.list(newest)))
  return 5
})

/** GC without the DELs that a runtime sends before it, as another runtime's GC looks to us. */
async function gc(w: World, members: JsonObject, name = 'net-a'): Promise<number | undefined> {
  const stdin = w.stdin({ ...newest, name }, { more: members })
  return codeOf(await w.exec('GC', nobody, { stdin }))
}

const valid = 'cni.dev/valid-attachments'
const published = 'cni.dev/attachments'

const plenty = { pools: [{ ...fiveIpv4, ips: ['10.9.0.2-10.9.0.200'] }] }
conformance('case 16: GC keeps what it is told to keep', plenty, async (w, t) => {
  const keep = { containerID: 'keep', ifname: 'eth0' }
  const rows: readonly [what: string, members: JsonObject, left: readonly string[]][] = [
    ['the list', { [valid]: [keep] }, ['keep']],
    ['the list under its published name', { [published]: [keep] }, ['keep']],
    ['both', { [valid]: [keep], [published]: [keep] }, ['keep']],
    [
      'two different lists: what either of them keeps',
      { [valid]: [keep], [published]: [{ containerID: 'b', ifname: 'eth0' }] },
      ['b', 'keep']
    ],
    ['the interface counts', { [valid]: [{ ...keep, ifname: 'eth1' }] }, []],
    [
      'unknown ones are no matter',
      { [valid]: [keep, { containerID: 'x', ifname: 'y' }] },
      ['keep']
    ],
    ['an empty list', { [valid]: [] }, []],
    ['null, as CRI-O sends it for no pods', { [valid]: null }, []]
  ]
  for (const [what, members, left] of rows) {
    for (const containerId of ['a', 'b', 'keep']) await w.add(w.pod({ containerId }), newest)
    t.equal(await gc(w, members), 0, what)
    t.same((await w.held()).map(({ containerId }) => containerId).sort(), left, what)
    await gc(w, { [valid]: [] })
  }
  for (const containerId of ['a', 'b', 'keep']) await w.add(w.pod({ containerId }), newest)
  // Nobody has said which ones are valid, and to guess "none" would cut off every pod.
  t.equal(await gc(w, {}), 7, 'no list at all')
  for (const junk of ['keep', { containerID: 'keep' }, [1], [{ containerID: 1 }]] as Json[]) {
    const code = await gc(w, { [valid]: junk })
    t.ok(code === 6 || code === 7, `junk ${JSON.stringify(junk)}: code ${code}`)
  }
  t.equal((await w.held()).length, 3, 'and nothing is freed')
  await t.rejects(w.runtime.gc(w.list(newest)), { errors: [{ code: 7 }] })
  t.equal((await w.held()).length, 0, 'but the runtime has deleted what it remembers by itself')
  return 0
})

const watched = {
  ...plenty,
  socket: (daemon: Daemon) => `${daemon.dir}/middle.sock`
}
conformance('case 16: GC leaves alone what began after it', watched, async (w, t) => {
  const between = await Middleman.listen(`${w.daemon.dir}/middle.sock`, w.daemon.socket)
  w.onClose(() => between[Symbol.asyncDispose]())
  await w.add(w.pod({ containerId: 'before' }), newest)
  const asked = Promise.withResolvers<void>()
  const onward = Promise.withResolvers<void>()
  // Another runtime's pod comes while this GC, which cannot know of it, is on its way.
  between.hooks = {
    onRequest: async body => {
      if ((decode(body) as Message)['verb'] === 'GC') {
        asked.resolve()
        await onward.promise
      }
      return body
    }
  }
  const collecting = gc(w, { [valid]: [] })
  await asked.promise
  await w.add(w.pod({ containerId: 'after' }), newest)
  onward.resolve()
  t.equal(await collecting, 0)
  t.same(
    (await w.held()).map(({ containerId }) => containerId),
    ['after']
  )
  return 1
})

conformance('case 17: GC of one network leaves the others alone', plenty, async (w, t) => {
  const pods = ['a', 'b', 'c'].map(containerId => w.pod({ containerId }))
  for (const pod of pods) {
    await w.add(pod, { ...newest, name: 'net-a' })
    await w.add(pod, { ...newest, name: 'net-b' })
  }
  t.equal(await gc(w, { [valid]: [{ containerID: 'a', ifname: 'eth0' }] }), 0)
  const left = (await w.held()).map(({ network, containerId }) => `${network}/${containerId}`)
  t.same(left.sort(), ['net-a/a', 'net-b/a', 'net-b/b', 'net-b/c'])
  t.equal(await gc(w, { [valid]: [] }, 'net-c'), 0)
  await w.runtime.gc(w.list({ ...newest, name: 'net-b' }), [{ containerID: 'b', ifname: 'eth0' }])
  return 2
})

t.setTimeout(300_000)
