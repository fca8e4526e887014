// Some histories of every class. CI runs thousands with `npm run sim`; these are for every change.

import t from 'tap'
import { runBatch } from '../../scripts/sim/batch.ts'
import { profiles } from '../../scripts/sim/profiles.ts'

const seeds = Number(process.env['ORBWEAVER_SEEDS'] ?? 40)

for (const [profile, { what }] of Object.entries(profiles)) {
  t.test(`${profile}: ${what}`, async t => {
    const { runs, failures, coverage } = await runBatch({ profile, first: 1_000, count: seeds })
    t.same(failures, [])
    t.equal(runs, seeds)
    for (const counter of ['ADDs', 'pods', 'grants', 'merged']) {
      t.ok((coverage[counter] ?? 0) > seeds, `${counter} were exercised`)
    }
  })
}
