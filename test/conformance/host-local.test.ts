// What host-local's own tests ask of an IPAM plugin, under their numbers in our list (H1-H50). Where
// host-local has ranges in the network configuration we have pools.

import t from 'tap'
import { poolRows } from './host-local-pools.ts'
import { attachmentRows } from './host-local-rows.ts'
import { Ground, Stage } from './host-local-stage.ts'
import { World } from './world.ts'

const numberOf = (row: { readonly number: string }) => Number(row.number.slice(1))
const rows = [...attachmentRows, ...poolRows].sort((a, b) => numberOf(a) - numberOf(b))

/** One table: every row with every version it is for, each with its own ground. */
const runs = rows
  .flatMap(row => (row.versions ?? ['1.0.0']).map(cniVersion => ({ row, cniVersion })))
  .map(({ row, cniVersion }, i) => {
    const label = `${row.number.toLowerCase()}-${i}`
    return { row, cniVersion, index: i, label, pools: row.pools(new Ground(label, i)) }
  })

t.test('host-local', async t => {
  // What is about the order of addresses shall not wait for anything to cool down.
  const w = await World.open({
    pools: runs.flatMap(({ pools }) => pools),
    config: { cooldown: { seconds: 0, scarceSeconds: 0 } }
  })
  t.teardown(() => w.close())
  for (const { row, cniVersion, index, label } of runs) {
    const suffix = row.versions === undefined ? '' : ` (${cniVersion})`
    await t.test(`${row.number}: ${row.what}${suffix}`, async t => {
      const stage = new Stage(w, t, [label, index], cniVersion)
      await row.run(stage)
      await stage.clear()
      t.same(await stage.held(), [], 'nothing is left')
    })
  }
  await w.checkAlways(t, 0)
  if (!t.passing()) t.comment(w.daemon.log())
})

t.setTimeout(300_000)
