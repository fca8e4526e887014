// The coordinator of a node and a kernel that writes down what it is told: nothing is done that is not written down
// before.

import t from 'tap'
import { deedOf } from '../../src/coordinator/deed.ts'
import { NodeCoordinator } from '../../src/coordinator/node-coordinator.ts'
import { hostVethName } from '../../src/coordinator/numbers.ts'
import { remember } from '../../src/coordinator/remembering.ts'
import { StoreFailedError } from '../../src/core/errors.ts'
import type { Mac } from '../../src/core/link/mac.ts'
import type { Done, Kernel, NotPossible, Stopped } from '../../src/kernel/kernel.ts'
import type { Operation } from '../../src/kernel/operation.ts'
import { type Link, type LinkAddress, type NamespaceView, unseen } from '../../src/kernel/view.ts'
import type { CoordinationJournal, JournalChange } from '../../src/ports/coordination-journal.ts'
import type { CoordinationOrder } from '../../src/ports/coordinator.ts'
import type { ToldAnnotations } from '../../src/ports/pod-facts.ts'
import { MemoryJournal } from '../../src/store/memory-journal.ts'
import { keptLog } from '../support/link-lan.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { boot, ip, key, sandbox } from '../support/samples.ts'

const veth = hostVethName('c1')

function link(name: string, index: number, more: Partial<Link> = {}): Link {
  return {
    ...{ index, name, mac: `02:00:00:00:00:0${index}` as Mac, mtu: 1500, txQueueLen: 0 },
    ...{ isUp: true, isRunning: true, isBroadcast: true, isMulticast: true },
    ...{ isLoopback: false, isNoArp: false, ...more }
  }
}

function address(of: string, text: string): LinkAddress {
  return {
    ...{ link: of, address: ip(text), prefix: 24, scope: 0, isPermanent: true },
    ...{ isTentative: false, isDadFailed: false, isDeprecated: false },
    ...{ isNoDad: false, isNoPrefixRoute: false }
  }
}

const host: NamespaceView = { ...unseen, addresses: [address('lan0', '10.9.0.11')] }
const pod: NamespaceView = {
  ...unseen,
  links: [link('lo', 1, { isLoopback: true }), link('eth0', 2, { kind: 'macvlan' })],
  addresses: [address('eth0', '10.9.0.7')]
}

const order: CoordinationOrder = {
  ...{ key: key('c1'), sandbox: sandbox(1), pod: {}, wishes: {}, annotations: undefined },
  result: { addresses: [{ address: ip('10.9.0.7'), prefix: 24 }], routes: [] },
  budgetMs: 1_000
}

type Outcome = Done | Stopped | NotPossible

class Journal extends MemoryJournal {
  readonly commits: (readonly JournalChange['type'][])[] = []
  failsAt = Infinity

  override commit(changes: readonly JournalChange[]): void {
    this.commits.push(changes.map(({ type }) => type))
    if (this.commits.length === this.failsAt) throw new StoreFailedError('the disk is gone')
    super.commit(changes)
  }
}

/** All that was ordered, each with what the journal said by then. */
class ToldKernel implements Kernel {
  readonly orders: (readonly Operation[])[] = []
  readonly unwritten: Operation[] = []
  views = { host, pod }
  outcome: (operations: readonly Operation[]) => Outcome | Promise<Outcome> = () => ({
    type: 'Done'
  })
  readonly #journal: CoordinationJournal

  constructor(journal: CoordinationJournal) {
    this.#journal = journal
  }

  async observe() {
    return { type: 'Observed', ...this.views } as const
  }

  async carryOut({ operations }: { readonly operations: readonly Operation[] }): Promise<Outcome> {
    this.orders.push(operations)
    const text = (value: unknown) =>
      JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one))
    const written = new Set(
      this.#journal.load().flatMap(entry => {
        const deed = deedOf(entry)
        if ('problem' in deed) throw new Error(deed.problem)
        return deed.items.flatMap(({ step, undo }) => [text(step), ...undo.map(text)])
      })
    )
    this.unwritten.push(...operations.filter(one => !written.has(text(one))))
    return this.outcome(operations)
  }

  async close() {}
}

const turns = () => new Promise(resolve => setImmediate(resolve))

function stage(journal = new Journal(), told: ToldAnnotations = () => undefined) {
  const kernel = new ToldKernel(journal)
  const log = keptLog()
  const coordinator = new NodeCoordinator({
    ...{ kernel, journal, log, boot, clock: new ManualClock(), told },
    deeds: remember(journal, log),
    cluster: { current: () => ({}) },
    probe: {
      see: path => ({ type: 'Namespace', id: `4:${path}`, witness: { path: '/run', id: '1:1' } }),
      sight: () => Promise.reject(new Error('nobody looks')),
      census: () => Promise.reject(new Error('nobody looks'))
    },
    prober: { announce: async () => {} }
  })
  const types = () => kernel.orders.map(operations => operations.map(({ type }) => type))
  return { coordinator, kernel, journal, types }
}

t.test('all is written down, and then done in one go', async t => {
  const { coordinator, kernel, journal, types } = stage()
  t.same(await coordinator.coordinate(order), { type: 'Coordinated' })
  const [all, ...others] = types()
  t.equal(all?.[0], 'AddVeth')
  t.ok(all?.includes('PutRoute'))
  t.same(others, [])
  t.same(kernel.unwritten, [], 'everything was written down before')
  t.same(journal.commits, [['Put']])
  t.equal(await coordinator.undo({ ...order.key, role: 'coordinator' }, sandbox(2).began), true)
  t.match(kernel.orders.at(-1)?.at(-1), { type: 'DeleteLink', name: veth })
  t.same(journal.load(), [])
})

t.test('of an ADD that fails nothing stays', async t => {
  const stopped: Stopped = { type: 'Stopped', index: 3, code: 'EINVAL', detail: 'no' }
  const late: NotPossible = { type: 'NotPossible', why: 'Late', detail: 'no answer' }
  const isPlan = (operations: readonly Operation[]) =>
    operations.some(one => one.type === 'PutRoute')
  for (const [failure, why] of [[stopped, 'Failed'] as const, [late, 'Busy'] as const]) {
    const { coordinator, kernel, journal } = stage()
    kernel.outcome = all => (isPlan(all) ? failure : { type: 'Done' })
    t.match(await coordinator.coordinate(order), { type: 'NotCoordinated', why })
    t.match(kernel.orders.at(-1)?.at(-1), { type: 'DeleteLink', name: veth }, why)
    t.same(journal.load(), [], why)
    t.same(kernel.unwritten, [], why)
  }
})

t.test('what cannot be is said before anything is made', async t => {
  const { coordinator, kernel, journal, types } = stage()
  kernel.views = { host, pod: { ...pod, addresses: [] } }
  t.match(await coordinator.coordinate(order), {
    ...{ type: 'NotCoordinated', why: 'Settings' },
    detail: 'eth0 has no address'
  })
  t.same(types(), [])
  t.same(journal.load(), [])
})

t.test('where something is in the way of the cable', async t => {
  const { coordinator, kernel, types } = stage()
  kernel.views = { host, pod: { ...pod, links: [...pod.links, link('veth0', 9)] } }
  t.same(await coordinator.coordinate(order), { type: 'Coordinated' })
  t.equal(types().length, 1)
  t.same(types()[0]?.slice(0, 2), ['DeleteLink', 'AddVeth'])
})

t.test('a daemon that ends in between has written down what takes all of it back', async t => {
  const before = stage()
  const never = new Promise<Outcome>(() => {})
  before.kernel.outcome = () => never
  void before.coordinator.coordinate(order)
  await turns()
  const after = stage(before.journal)
  const role = { ...order.key, role: 'coordinator' } as const
  t.match(await after.coordinator.examine(order.key, order.sandbox, 100), {
    type: 'Examined',
    differences: [/the veth .* is missing/]
  })
  t.equal(await after.coordinator.undo(role, sandbox(2).began), true)
  t.match(after.kernel.orders.at(-1)?.at(-1), { type: 'DeleteLink', at: 'Host', name: veth })
  t.same(after.journal.load(), [])
})

t.test('what others tell of a pod counts, and what the runtime passes is newer', async t => {
  const wish = (ifname: string) => ({ 'ipam.spidernet.io/default-route-nic': ifname })
  const { coordinator } = stage(new Journal(), () => Promise.resolve(wish('net7')))
  t.match(await coordinator.coordinate(order), { why: 'Settings', detail: /net7 of the pod/ })
  const passed = { ...order, annotations: wish('eth0') }
  t.same(await coordinator.coordinate(passed), { type: 'Coordinated' })
})

t.test('nothing is made that cannot be written down', async t => {
  const { coordinator, journal, types } = stage()
  journal.failsAt = 1
  t.match(await coordinator.coordinate(order), { type: 'NotCoordinated', why: 'Disk' })
  t.same(types(), [])
  t.same(journal.load(), [])
})
