// The judge is worth something only if it sees what is wrong: worlds that are spoilt by hand.

import t from 'tap'
import { play, type Stage } from '../../scripts/sim/stage.ts'

t.test('two owners are seen as soon as both are durable', async t => {
  const violation = await play(async (stage: Stage) => {
    await stage.form()
    const pod = stage.pod(1)
    await stage.until('node 1 owns something', () => pod.address() !== undefined)
    const run = stage.node(1).disk.registers.get(pod.address() as never)
    if (run === undefined) throw new Error('it has no register')
    const { index } = stage.world.judge.memberOf(stage.node(2)) ?? { index: 0 }
    const start = pod.address() as never
    const stored = [...(stage.node(2).disk.store.load().leases.domains.values() ?? [])][0]
    const around = stored?.runs.find(one => one.start <= start && one.end > start)
    if (around === undefined) throw new Error('node 2 knows nothing of it')
    const register = { ...run, owner: index, seq: run.seq + 1, wctr: run.wctr + 1 }
    const added = [
      ...(around.start < start ? [{ ...around, end: start }] : []),
      { start, end: BigInt(start) + 1n, register }
    ]
    const change = {
      type: 'PutRuns',
      domain: '10.0.0.0/24',
      removed: [around.start],
      added
    } as const
    stage.node(2).disk.commit([change])
    stage.world.judge.onCommitted(stage.node(2), [change])
    await stage.pass(10)
  })
  t.match(violation, /^S2: 10\.0\.0\.\d+ is owned by n\d .* and n\d/)
})

t.test('a key that falls is seen', async t => {
  const violation = await play(async (stage: Stage) => {
    await stage.form()
    stage.backUp(0)
    const pod = stage.pod(1)
    await stage.until('node 0 has granted', () => pod.address() !== undefined)
    // The disk falls back, and nobody tells the judge.
    const { disk } = stage.node(0)
    disk.restore('newest')
    const [domain] = [...disk.store.load().leases.domains.values()]
    const runs = domain?.runs ?? []
    const added = { type: 'PutRuns', domain: '10.0.0.0/24', removed: [], added: runs } as const
    stage.world.judge.onCommitted(stage.node(0), [added])
  })
  t.match(violation, /^S4: at n0 10\.0\.0\.\d+ falls from/)
})
