// The coordinator of a node and a kernel that writes down what it is told: nothing is done that is not written down
// before, and what begins early ends as all else does.

import t from 'tap'
import { noFacts } from '../../src/config/no-facts.ts'
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
  outcome: (operations: readonly Operation[]) => Outcome = () => ({ type: 'Done' })
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

function stage(journal = new Journal()) {
  const kernel = new ToldKernel(journal)
  const log = keptLog()
  const coordinator = new NodeCoordinator({
    ...{ kernel, journal, log, boot, clock: new ManualClock(), facts: noFacts('node') },
    deeds: remember(journal, boot, log),
    cluster: { current: () => ({}) },
    probe: {
      see: path => ({ type: 'Namespace', id: `4:${path}`, witness: { path: '/run', id: '1:1' } }),
      sight: () => Promise.reject(new Error('nobody looks')),
      census: () => Promise.reject(new Error('nobody looks'))
    },
    prober: {
      probe: () => Promise.reject(new Error('nobody asks links')),
      announce: async () => {},
      close: async () => {}
    }
  })
  const types = () => kernel.orders.map(operations => operations.map(({ type }) => type))
  return { coordinator, kernel, journal, types }
}

t.test('the cable of a new pod is made while the rest is planned', async t => {
  const { coordinator, kernel, journal, types } = stage()
  t.same(await coordinator.coordinate(order), { type: 'Coordinated' })
  const [cable, rest, ...others] = types()
  t.same(cable, ['AddVeth', 'SetSysctl'])
  t.ok(rest?.includes('PutRoute'))
  t.notOk(rest?.includes('AddVeth'))
  t.same(others, [])
  t.same(kernel.unwritten, [], 'everything was written down before')
  t.same(journal.commits, [['Put'], ['Put']])
  t.equal(await coordinator.undo({ ...order.key, role: 'coordinator' }, sandbox(2).began), true)
  t.match(kernel.orders.at(-1)?.at(-1), { type: 'DeleteLink', name: veth })
  t.same(journal.load(), [])
})

t.test('of an ADD that fails nothing stays, whatever was begun', async t => {
  const stopped: Stopped = { type: 'Stopped', index: 0, code: 'EINVAL', detail: 'no' }
  const late: NotPossible = { type: 'NotPossible', why: 'Late', detail: 'no answer' }
  const isCable = ([first]: readonly Operation[]) => first?.type === 'AddVeth'
  const isRest = (operations: readonly Operation[]) =>
    operations.some(one => one.type === 'PutRoute')
  const failing: readonly (readonly [string, ToldKernel['outcome'], string])[] = [
    ['the cable', all => (isCable(all) ? stopped : { type: 'Done' }), 'Failed'],
    ['the cable comes late', all => (isCable(all) ? late : { type: 'Done' }), 'Busy'],
    ['the rest', all => (isRest(all) ? stopped : { type: 'Done' }), 'Failed']
  ]
  for (const [what, outcome, why] of failing) {
    const { coordinator, kernel, journal } = stage()
    kernel.outcome = outcome
    t.match(await coordinator.coordinate(order), { type: 'NotCoordinated', why }, what)
    t.match(kernel.orders.at(-1)?.at(-1), { type: 'DeleteLink', name: veth }, what)
    t.same(journal.load(), [], what)
    t.same(kernel.unwritten, [], what)
  }
})

t.test('what cannot be is said before anything is made', async t => {
  const { coordinator, kernel, journal, types } = stage()
  kernel.views = { host, pod: { ...pod, addresses: [] } }
  t.match(await coordinator.coordinate(order), {
    ...{ type: 'NotCoordinated', why: 'Settings' },
    detail: 'eth0 has no address'
  })
  t.same(types(), [['DeleteLink']], 'it may be there from before')
  t.same(journal.load(), [])
})

t.test('where something is in the way of a cable that goes first', async t => {
  const { coordinator, kernel, types } = stage()
  kernel.views = { host, pod: { ...pod, links: [...pod.links, link('veth0', 9)] } }
  t.same(await coordinator.coordinate(order), { type: 'Coordinated' })
  t.equal(types().length, 1)
  t.same(types()[0]?.slice(0, 2), ['DeleteLink', 'AddVeth'])
})

t.test('a daemon that ends in between has written down what takes the cable back', async t => {
  const before = stage()
  // The second thing that is written never is: the process is gone.
  before.journal.failsAt = 2
  before.kernel.outcome = ([first]) =>
    first?.type === 'AddVeth'
      ? { type: 'Done' }
      : { type: 'NotPossible', why: 'Closed', detail: '' }
  t.match(await before.coordinator.coordinate(order), { type: 'NotCoordinated', why: 'Disk' })
  const after = stage(before.journal)
  const role = { ...order.key, role: 'coordinator' } as const
  t.match(await after.coordinator.examine(order.key, order.sandbox, 100), {
    type: 'Examined',
    differences: [/the veth .* is missing/]
  })
  t.equal(await after.coordinator.undo(role, sandbox(2).began), true)
  t.same(after.kernel.orders, [[{ type: 'DeleteLink', at: 'Host', name: veth }]])
  t.same(after.journal.load(), [])
})

t.test('nothing is made that cannot be written down', async t => {
  const { coordinator, journal, types } = stage()
  journal.failsAt = 1
  t.match(await coordinator.coordinate(order), { type: 'NotCoordinated', why: 'Disk' })
  t.same(types(), [])
  t.same(journal.load(), [])
})
