// The verbs of the plugin that makes parents: from a decoded request to what the plugin prints.

import t from 'tap'
import type { PluginRequest } from '../../src/cni/plugin-request.ts'
import { carryOutChained } from '../../src/cni/chained-verbs.ts'
import type { ParentWishes } from '../../src/core/coordination/parent-wishes.ts'
import type { ParentExamined, ParentMade, ParentNotMade } from '../../src/ports/parent-maker.ts'
import { chainedService, refusal } from '../support/cni-service.ts'

/** Writes down what it is told and answers as it is told to. */
class ScriptedMaker {
  readonly made: ParentWishes[] = []
  answer: ParentMade | ParentNotMade = { type: 'Made' }
  examined: ParentExamined | ParentNotMade = { type: 'Examined', differences: [] }

  make(wishes: ParentWishes) {
    this.made.push(wishes)
    return Promise.resolve(this.answer)
  }

  examine() {
    return Promise.resolve(this.examined)
  }
}

const vlan = { interfaces: ['eth1'], vlanID: 100 }

function ask(
  parentMaker: ScriptedMaker,
  verb: string,
  more: object = vlan,
  role = 'orbweaver-ifacer'
): Promise<string> {
  const conf = { cniVersion: '1.1.0', name: 'lan', type: role, ...more }
  const request: PluginRequest = {
    ...{ role, verb, containerId: 'c1', netns: '/run/netns/a', ifname: 'eth0' },
    ...{ args: '', start: 5n, budget: 2_000, boot: undefined, trace: undefined },
    conf: Buffer.from(JSON.stringify(conf))
  }
  return carryOutChained(request, chainedService({ parentMaker }))
}

t.test('ADD makes the parent and adds nothing to the result', async t => {
  for (const role of ['orbweaver-ifacer', 'ifacer']) {
    const maker = new ScriptedMaker()
    const printed = await ask(maker, 'ADD', { ...vlan, cniVersion: '0.3.1' }, role)
    t.same(JSON.parse(printed), { cniVersion: '0.3.1' }, 'it is the first one')
    const prevResult = { cniVersion: '1.0.0', ips: [{ address: '10.0.0.1/8' }] }
    const behind = await ask(maker, 'ADD', { INTERFACES: ['eth1'], prevResult }, role)
    t.same(JSON.parse(behind), { ...prevResult, cniVersion: '1.1.0' }, 'it is not')
    t.same(maker.made, [{ interfaces: ['eth1'], vlanId: 100 }, { interfaces: ['eth1'] }])
  }
})

t.test('what cannot be read is refused with every key', async t => {
  const { code, message } = await refusal(
    ask(new ScriptedMaker(), 'ADD', { interfaces: [], vlanID: 5000, bond: { mode: 9 } })
  )
  t.equal(code, 7)
  t.match(message, /ifacer\.interfaces: .*ifacer\.vlanID: 5000 .*ifacer\.bond\.mode: 9/)
  t.match(await refusal(ask(new ScriptedMaker(), 'CHECK', {})), { code: 7 })
})

t.test('a refusal says where, what and why', async t => {
  const rows = [
    ['Settings', 7],
    ['Busy', 11],
    ['Failed', 130],
    ['Forbidden', 130]
  ] as const
  for (const [why, code] of rows) {
    const maker = new ScriptedMaker()
    maker.answer = { type: 'NotMade', why, detail: 'because' }
    maker.examined = maker.answer
    for (const verb of ['ADD', 'CHECK']) {
      const found = await refusal(ask(maker, verb))
      t.match(found, { code, message: /^the parent of lan on n1: .*because$/ })
      t.notMatch(found.message, /not found|no such file/i)
    }
  }
})

t.test('CHECK names each difference', async t => {
  const maker = new ScriptedMaker()
  t.equal(await ask(maker, 'CHECK'), '')
  maker.examined = { type: 'Examined', differences: ['eth1.100 is missing', 'eth1 is down'] }
  t.match(await refusal(ask(maker, 'CHECK')), {
    code: 131,
    message: /^the parent of lan on n1 .*eth1\.100 is missing; eth1 is down$/
  })
})

t.test('what many pods share stays: DEL and GC do nothing', async t => {
  const maker = new ScriptedMaker()
  t.equal(await ask(maker, 'DEL', { interfaces: 7, bond: 'nonsense' }), '')
  t.equal(await ask(maker, 'GC', { 'cni.dev/valid-attachments': [] }), '')
  t.same(maker.made, [])
  t.match(await refusal(ask(maker, 'DEL', { name: '' })), { code: 7 })
})
