// Whom a search asks, and when it is certain: who is slow is not silent, and what was said before anybody
// waited is no answer.

import t from 'tap'
import { answerMs, type Question, Search } from '../../../src/core/lease/search.ts'
import type { MemberIndex } from '../../../src/core/lease/register.ts'
import type { Holding } from '../../../src/core/protocol.ts'

const members = [2, 3] as MemberIndex[]
const [a, b] = members as [MemberIndex, MemberIndex]
const none: Holding = { free: 0, used: 0, cooling: 0, waiting: 0 }
const total = 30

function searching(): Search {
  const search = new Search(() => 0.5)
  search.setMembers(members, new Set(), 0)
  return search
}

/** Let time pass in ticks; everything that was asked meanwhile. */
function run(search: Search, from: number, to: number, each?: (q: Question) => void): Question[] {
  const asked: Question[] = []
  for (let now = from; now < to; now += 50) {
    for (const question of search.next(now)) {
      asked.push(question)
      each?.(question)
    }
  }
  return asked
}

t.test('a member that is late is asked again, and nothing is certain before', async t => {
  const search = searching()
  search.need(1, 0, { ...none, used: 10 }, total)
  search.hint(a, { ...none, free: 5 })
  const asked = run(search, 0, 2_000, ({ to }) => {
    if (to === b) search.denied(b, { ...none, used: 10 }, [])
  })
  t.ok(asked.filter(({ to }) => to === a).length >= 3, 'again and again')
  t.equal(search.verdict(2_000), undefined, 'and nobody is called silent')
  search.granted(a, { ...none, free: 4 }, 2_000)
  t.equal(search.verdict(2_000), undefined)
})

t.test('while somebody who seems to have some is asked, nobody else is', async t => {
  const search = searching()
  search.need(1, 0, none, total)
  search.hint(a, { ...none, free: 5 })
  const asked = run(search, 0, answerMs / 2)
  t.same(
    asked.map(({ to }) => to),
    [a]
  )
  t.match(run(search, answerMs / 2, answerMs), [{ to: b }], 'unless it takes long')
  t.match(run(search, answerMs, 2 * answerMs), [{ to: a }], 'and then it is asked again')
})

t.test('with somebody silent, what cools down at the others is waited for', async t => {
  const search = searching()
  search.setMembers(members, new Set([a]), 0)
  search.need(1, 0, { ...none, used: 10 }, total)
  run(search, 10_000, 20_000, ({ to }) => search.denied(to, { ...none, used: 9, cooling: 1 }, []))
  t.equal(search.verdict(20_000), undefined)
  run(search, 20_000, 25_000, ({ to }) => search.denied(to, { ...none, used: 10 }, []))
  t.match(search.verdict(25_000), { type: 'Unreachable', silent: [a] }, 'and no longer than that')
})

t.test('a member that owes its answer for long is named as silent', async t => {
  const search = searching()
  search.need(1, 0, { ...none, used: 10 }, total)
  search.hint(a, { ...none, free: 5 })
  run(search, 0, 14_000, ({ to }) => {
    if (to === b) search.denied(b, { ...none, used: 10 }, [])
  })
  t.match(search.verdict(14_000), { type: 'Unreachable', silent: [a] })
})

t.test(
  'a member that has lost its connection may be starting again; later it is silent',
  async t => {
    const search = searching()
    search.setMembers(members, new Set([a]), 0)
    search.need(1, 0, { ...none, used: 10 }, total)
    const deny = ({ to }: Question) => search.denied(to, { ...none, used: 10 }, [])
    run(search, 0, 11_000, deny)
    t.equal(search.verdict(11_000), undefined)
    search.setMembers(members, new Set([a]), 11_000)
    run(search, 11_000, 14_000, deny)
    t.match(search.verdict(14_000), { type: 'Unreachable', silent: [a] })
    search.need(0, 0, none, total)
    run(search, 14_000, 40_000)
    search.need(1, 0, { ...none, used: 10 }, total)
    run(search, 40_000, 40_000 + answerMs, deny)
    t.match(search.verdict(40_000 + answerMs), { type: 'Unreachable' }, 'and is said to be at once')
  }
)

t.test('what was said when pods waited before is not said now', async t => {
  const search = searching()
  search.need(1, 0, { ...none, used: 10 }, total)
  search.denied(a, { ...none, used: 10 }, [])
  search.need(0, 0, { ...none, used: 10 }, total)
  search.need(1, 0, { ...none, used: 10 }, total)
  const asked = run(search, 0, answerMs, ({ to }) =>
    search.denied(to, { ...none, used: to === a ? 0 : 10 }, [])
  )
  t.ok(
    asked.some(({ to }) => to === a),
    'it is asked again'
  )
  t.equal(search.verdict(answerMs), undefined, 'since addresses may be free by now')
})

t.test('an answer that is said again does not close the door of a rich member', async t => {
  const search = searching()
  search.need(1, 0, none, total)
  search.repeated(a, { ...none, free: 5 })
  search.denied(b, none, [])
  t.match(search.next(0), [{ to: a }])
  search.repeated(a, none)
  search.denied(b, { ...none, used: total }, [])
  run(search, 0, answerMs)
  t.match(search.verdict(answerMs), { type: 'Full', used: total })
})

t.test('where not everybody is connected, who has no connection is asked all the same', async t => {
  const search = searching()
  search.setMembers(members, new Set(), 0, new Set([a, b]))
  search.need(1, 0, { ...none, used: 10 }, total)
  const asked = run(search, 0, 1_000)
  t.same(
    asked.map(({ to }) => to).sort((one, other) => one - other),
    [a, b]
  )
  t.equal(search.verdict(1_000), undefined, 'a dial and a greeting take their time')
  search.denied(b, { ...none, used: 10 }, [])
  run(search, 1_000, 3_000)
  t.match(search.verdict(2_500), { type: 'Unreachable', silent: [a] })
  search.setMembers(members, new Set(), 3_000, new Set([b]))
  const again = run(search, 3_000, 3_500).map(({ to }) => to)
  t.ok(again.includes(a), 'whose connection came up is asked again')
})
