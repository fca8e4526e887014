import t from 'tap'
import { Admissions } from '../../src/registry/admissions.ts'
import { MemoryRegistry } from '../../src/registry/memory-registry.ts'
import type { Appended } from '../../src/ports/registry.ts'
import { bytesOf, genesis, join, joining } from '../core/registry/records.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'

async function office() {
  const clock = new ManualClock()
  const registry = new MemoryRegistry()
  await registry.append(1, bytesOf(genesis))
  const admissions = new Admissions({
    ...{ clock, node: 'registrar', rules: { lateNamesake: true } },
    view: () => registry.view,
    append: (index, record) => registry.append(index, record)
  })
  const answers: (Appended | undefined)[] = []
  const ask = (index: number, n: number, record = bytesOf(join(n))) => {
    const asked = admissions.ask(index, record)
    void asked?.then(
      answer => (answers[n] = answer),
      () => {}
    )
    return asked
  }
  return { clock, registry, ask, answers }
}

t.test('who comes alone does not wait', async t => {
  const { registry, ask, answers } = await office()
  void ask(2, 1)
  await settle(1)
  t.same([answers[1], registry.view.members.size], [{ type: 'Appended' }, 1])
})

t.test('who come after it wait for one another, and read what became of them', async t => {
  const { clock, registry, ask, answers } = await office()
  for (let n = 1; n <= 20; n += 1) void ask(2, n)
  await settle(1)
  t.equal(registry.view.members.size, 1)
  clock.advance(50)
  await settle(1)
  t.same([registry.view.members.size, registry.view.index], [20, 3])
  t.same(new Set(answers.slice(2).map(answer => answer?.type)), new Set(['Conflict']))
})

t.test(
  'a minute of them makes some thirty records, and then a single one is quick again',
  async t => {
    const { clock, registry, ask, answers } = await office()
    for (let n = 1; n <= 600; n += 1) {
      void ask(registry.view.index + 1, n)
      clock.advance(100)
    }
    clock.advance(2_000)
    t.equal(registry.view.members.size, 600)
    t.ok(registry.view.index < 50, `${registry.view.index} records`)
    clock.advance(10_000)
    void ask(registry.view.index + 1, 700)
    await settle(1)
    t.match(answers[700], { type: 'Appended' })
  }
)

t.test('who asks again has given up the first question', async t => {
  const { clock, registry, ask } = await office()
  void ask(2, 1)
  const first = ask(3, 2)
  const second = ask(3, 2)
  t.same(await first, { type: 'Conflict' })
  clock.advance(50)
  t.same(await second, { type: 'Appended' })
  t.equal(registry.view.members.size, 2)
})

t.test('a store that fails answers nobody', async t => {
  const { clock, registry, ask } = await office()
  void ask(2, 1)
  registry.append = () => Promise.reject(new Error('the disk is full'))
  const both = [ask(3, 2), ask(3, 3)]
  clock.advance(50)
  for (const one of both) await t.rejects(Promise.resolve(one), /disk is full/)
})

t.test('other records are none of its business', async t => {
  const { ask } = await office()
  t.equal(ask(2, 1, bytesOf(genesis)), undefined)
  t.equal(ask(2, 1, bytesOf({ type: 'Join', members: [joining(1), joining(2)] })), undefined)
})
