// Ninety seconds of chaos: real nodes that are killed, frozen and cut off while pods come and go. What counts
// is what the kernel has on the links, and what is left over in the end.

import '../support/own-host.ts'

import t from 'tap'
import { reportOf, shown } from '../../scripts/chaos/report.ts'
import { History } from '../../scripts/chaos/history.ts'
import { runChaos } from '../../scripts/chaos/run.ts'
import { plugin } from '../support/ipam.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { repeatedBy, seed } from '../support/seed.ts'

const seconds = 90
/** ADDs at nodes with free addresses, while others were cut off against calm times. */
const cutRatioMax = 1.2
/** Below this a quantile says more about the machine than about the nodes. */
const enoughAdds = 100
/** Two programs that share two cores with eight others are not timed to the millisecond. */
const jitterMs = 15

const what = 'chaos with real nodes'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  await t.test('the judge of the past sees what it should', async t => {
    const history = new History()
    const add = { node: 1, id: 'a', from: 0, to: 10, address: '10.9.0.1' }
    history.adds.push(add, { ...add, node: 2, id: 'b', from: 5, to: 20 })
    t.match(history.contradictions(), [/10\.9\.0\.1 was given to b before a had ended/])
    history.ends.push({ node: 1, id: 'a', address: '10.9.0.1', at: 15 })
    t.same(history.contradictions(), [])
    history.adds.push({ ...add, from: 30, to: 31, address: '10.9.0.2' })
    t.match(history.contradictions(), [/a has had 10\.9\.0\.1 and 10\.9\.0\.2/])
    for (const free of [9, 9]) history.noteFree(1, free)
    const report = reportOf(history, { filled: 1, size: 1, leaks: 0, contests: 0 })
    t.equal(report.contradictions.length, 1)
  })

  await t.test(`${seconds} seconds`, async t => {
    t.comment(repeatedBy)
    const { history, report } = await runChaos({ seconds, nodes: 5, seed })
    t.comment(shown(report, history))
    t.same(report.doubles, [], 'no address is ever on two links')
    t.same(report.contradictions, [], 'nor given twice')
    t.same(report.unanswered, [], 'a running node with free addresses always answers')
    const { filled, size, leaks, contests } = report.finale
    t.equal(filled, size, 'afterwards the pool can be filled to its last address')
    t.equal(leaks, 0, 'and emptied')
    t.equal(contests, 0, 'nothing is contested')
    t.ok(history.faults.length >= 5 && report.adds >= 500, 'enough has happened')
    const { calm, cut } = report
    if (calm.count >= enoughAdds && cut.count >= enoughAdds) {
      t.ok(cut.p50 <= calm.p50 * cutRatioMax + jitterMs, 'who is cut off is not slower')
    }
  })
}
