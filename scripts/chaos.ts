// Real nodes under faults, judged from outside: `npm run chaos`. docs/chaos.md says what it does and what came
// out. The first import gives it a host of its own: whatever happens, nothing of it stays.

import '../test/support/own-host.ts'

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { hasOwnHost } from '../test/support/own-host.ts'
import { buildWhenStale } from './bench/build.ts'
import { isGood, shown } from './chaos/report.ts'
import { runChaos } from './chaos/run.ts'
import { timeline } from './chaos/timeline.ts'

const usage = `npm run chaos -- [--seconds N] [--nodes N] [--seed S] [--network-only] [--svg FILE]

  --seconds N   how long pods come and go; the last four fifths under faults (default 90)
  --nodes N     2 to 8 (default 5)
  --seed S      of the faults; when they hit what depends on the machine (default: by the clock)
  --network-only  cuts, and no daemon is killed or frozen
  --svg FILE    draw the run
`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '90' },
    nodes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    svg: { type: 'string' },
    'network-only': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})
const [seconds, nodes, seed] = [Number(values.seconds), Number(values.nodes), Number(values.seed)]

if (values.help || !(seconds >= 10) || !(nodes >= 2 && nodes <= 8) || !Number.isInteger(seed)) {
  console.log(usage)
  process.exitCode = values.help ? 0 : 2
} else if (!hasOwnHost) {
  console.error('npm run chaos makes network namespaces and needs root')
  process.exitCode = 2
} else {
  if (process.env['ORBWEAVER_MAIN'] === undefined) buildWhenStale()
  console.log(`${nodes} nodes, ${seconds} s, seed ${seed}`)
  const { history, report } = await runChaos({
    seconds,
    nodes,
    seed,
    networkOnly: values['network-only']
  })
  console.log(shown(report, history))
  for (const one of report.contradictions.slice(0, 5)) console.log('contradiction:', one)
  for (const one of report.unanswered.slice(0, 5)) console.log('not in time:', one)
  const { adds, doubles, looks, finale } = report
  const words =
    `seed ${seed}: ${adds} ADDs, ${doubles.length} addresses on two links in ${looks} looks; ` +
    `afterwards the pool was filled to ${finale.filled} of ${finale.size}, emptied, ${finale.leaks} left over`
  if (values.svg !== undefined) writeFileSync(values.svg, timeline(history, nodes, words))
  process.exitCode = isGood(report) ? 0 : 1
}
