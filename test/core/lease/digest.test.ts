// Marks: what one exchange sends, and that members that write, grant and lose messages end up knowing the same.

import t from 'tap'
import { deltaAbove, type MarkedRuns, raiseMarks } from '../../../src/core/lease/digest.ts'
import { LeaseMap } from '../../../src/core/lease/lease-map.ts'
import { type MemberIndex, retired, type Run } from '../../../src/core/lease/register.ts'
import * as fc from '../../support/property.ts'
import { at, run } from './lease-samples.ts'

const marks = (...pairs: [MemberIndex, number][]) => new Map(pairs)
const by = (writer: MemberIndex, wctr: number) => ({ writer, wctr })

t.test('registers above the marks, writers and counts ascending', async t => {
  const runs = [
    run(0, 1, by(2, 7)),
    run(1, 1, by(1, 3)),
    run(2, 1, by(2, 5)),
    run(3, 1, by(1, 4)),
    run(4, 1, by(retired, 9))
  ]
  const ours = marks([1, 4], [2, 7], [retired, 9])
  t.same(deltaAbove(runs, marks([1, 3]), ours, 10), {
    runs: [run(3, 1, by(1, 4)), run(2, 1, by(2, 5)), run(0, 1, by(2, 7))],
    raise: [
      [1, 4],
      [2, 7]
    ]
  })
  t.same(deltaAbove(runs, ours, ours, 10), { runs: [], raise: [] }, 'nothing to say')
})

t.test('how far a mark may rise', async t => {
  const rows: {
    what: string
    runs: Run[]
    ours: [MemberIndex, number][]
    sent: number
    raise: [MemberIndex, number][]
  }[] = [
    {
      what: 'to our own mark, past registers that were overwritten',
      runs: [run(0, 1, by(1, 3))],
      ours: [[1, 9]],
      sent: 1,
      raise: [[1, 9]]
    },
    { what: 'also when no register is left', runs: [], ours: [[1, 9]], sent: 0, raise: [[1, 9]] },
    {
      what: 'after a cut to the last one that was sent',
      runs: [run(0, 1, by(1, 2)), run(2, 1, by(1, 4)), run(4, 1, by(1, 6)), run(6, 1, by(1, 8))],
      ours: [[1, 9]],
      sent: 3,
      raise: [[1, 6]]
    },
    {
      what: 'after a cut no further than our own mark',
      runs: [run(0, 1, by(1, 2)), run(2, 1, by(1, 4)), run(4, 1, by(1, 6)), run(6, 1, by(1, 8))],
      ours: [[1, 3]],
      sent: 3,
      raise: [[1, 3]]
    },
    {
      what: 'not by what runs ahead of our own mark',
      runs: [run(0, 1, by(1, 5))],
      ours: [],
      sent: 1,
      raise: []
    },
    {
      what: 'not into a write that does not fit',
      runs: [run(0, 1, by(1, 2)), ...[2, 4, 6].map(i => run(i, 1, by(1, 3)))],
      ours: [[1, 3]],
      sent: 1,
      raise: [[1, 2]]
    },
    {
      what: 'past a first write that is too long, or nothing would ever go on',
      runs: [...[0, 2, 4, 6].map(i => run(i, 1, by(1, 3))), run(8, 1, by(1, 4))],
      ours: [[1, 4]],
      sent: 4,
      raise: [[1, 3]]
    },
    {
      what: 'not of writers that were not reached',
      runs: [...[0, 2, 4].map(i => run(i, 1, by(1, i + 1))), run(6, 1, by(2, 1))],
      ours: [
        [1, 6],
        [2, 1],
        [3, 8]
      ],
      sent: 3,
      raise: [[1, 6]]
    }
  ]
  for (const { what, runs, ours, sent, raise } of rows) {
    const delta = deltaAbove(runs, marks(), marks(...ours), 3)
    t.equal(delta.runs.length, sent, what)
    t.same(delta.raise, raise, what)
  }
})

t.test('marks only rise, and not past what was refused', async t => {
  const ours = marks([1, 5], [2, 5])
  const raise = [
    [1, 4],
    [2, 6],
    [3, 1],
    [4, 2]
  ] as const
  t.same(raiseMarks(ours, raise, new Set([4])), [
    [2, 6],
    [3, 1]
  ])
})

const memberCount = 5
const places = 12
const cut = 3

interface Model {
  readonly map: LeaseMap
  readonly marks: Map<MemberIndex, number>
}

type Step =
  | {
      readonly type: 'write'
      readonly by: number
      readonly to: number
      readonly at: number[]
      readonly isHeard: boolean
    }
  | {
      readonly type: 'exchange'
      readonly by: number
      readonly to: number
      readonly isLost: boolean
    }

const member = fc.nat(memberCount - 1)
/** One in five is lost. */
const isLost = fc.nat(4).map(n => n === 0)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('write' as const),
    by: member,
    to: member,
    at: fc.uniqueArray(fc.nat(places - 1), { minLength: 1, maxLength: 4 }),
    isHeard: fc.boolean()
  }),
  fc.record({ type: fc.constant('exchange' as const), by: member, to: member, isLost })
)
const history = fc.array(step, { minLength: 10, maxLength: 60 })

type Sender = (from: Model, to: Model) => MarkedRuns

const honest: Sender = (from, to) => deltaAbove(from.map.runs(), to.marks, from.marks, cut)

/** As if the receiver had got everything. */
const careless: Sender = (from, to) => ({ ...honest(from, to), raise: [...from.marks] })

function merge(model: Model, runs: readonly Run[]): void {
  model.map.apply(model.map.plan(runs))
}

function exchange(from: Model, to: Model, send: Sender): void {
  const { runs, raise } = send(from, to)
  merge(to, runs)
  for (const [writer, wctr] of raiseMarks(to.marks, raise, new Set())) to.marks.set(writer, wctr)
}

/** A member passes on those of its addresses; the grant itself may be lost, and raises no mark. */
function write(models: readonly Model[], step: Step & { type: 'write' }): void {
  const [donor, receiver] = [models[step.by], models[step.to]]
  if (donor === undefined || receiver === undefined || donor === receiver) return
  const me = step.by + 1
  const wctr = (donor.marks.get(me) ?? 0) + 1
  const runs = step.at.flatMap((place): Run[] => {
    const held = donor.map.at(at(place))
    if (held?.owner !== me) return []
    return [run(place, 1, { seq: held.seq + 1, owner: step.to + 1, writer: me, wctr })]
  })
  if (runs.length === 0) return
  donor.marks.set(me, wctr)
  merge(donor, runs)
  if (step.isHeard) merge(receiver, runs)
}

/** Do all know the same, and all marks agree, after a history and as many exchanges as can matter? */
function converges(steps: readonly Step[], send: Sender): boolean {
  const models = Array.from({ length: memberCount }, (): Model => {
    const genesis = Array.from({ length: places }, (_, place) =>
      run(place, 1, { owner: 1 + (place % memberCount), writer: retired, wctr: 0 })
    )
    return { map: LeaseMap.of(genesis), marks: new Map() }
  })
  for (const one of steps) {
    const [from, to] = [models[one.by], models[one.to]]
    if (one.type === 'write') write(models, one)
    else if (!one.isLost && from !== undefined && to !== undefined) exchange(from, to, send)
  }
  // Each exchange of two that differ sends a register or raises a mark, and there are few of both.
  for (let round = 0; round < places + memberCount; round += 1) {
    for (const from of models) for (const to of models) if (from !== to) exchange(from, to, send)
  }
  const known = models.map(({ map, marks: mine }) => {
    map.checkInvariants()
    return `${map.hash()} ${[...mine].toSorted(([a], [b]) => a - b).join(' ')}`
  })
  return new Set(known).size === 1
}

t.test('all members end up knowing the same', async t => {
  // Counted, so that the property cannot hold because nothing was ever written or cut.
  let cuts = 0
  const counting: Sender = (from, to) => {
    const delta = honest(from, to)
    if (deltaAbove(from.map.runs(), to.marks, from.marks, 1_000).runs.length > delta.runs.length)
      cuts += 1
    return delta
  }
  fc.assert(
    fc.property(history, steps => converges(steps, counting)),
    { numRuns: 2_000 }
  )
  t.ok(cuts > 300, `${cuts} deltas were cut`)
})

t.test('a mark raised in spite of a cut leaves members apart for ever', async t => {
  const histories = fc.sample(history, 300)
  t.ok(histories.some(steps => !converges(steps, careless)))
  t.ok(
    histories.every(steps => converges(steps, honest)),
    'the same histories, raised as they should be'
  )
})
