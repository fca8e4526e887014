// An upgrade and its way back under load, as long as one likes: `npm run upgrade`. Nodes are machines with containerd and
// the DaemonSet of deploy/; pods come and go on all of them while its image is replaced node by node, again and again.
// The first import gives it a host of its own: whatever happens, nothing of it stays.

import '../test/support/own-host.ts'

import { parseArgs } from 'node:util'
import { allocatedOn, SandboxLoad } from '../test/kubelet/sandbox-load.ts'
import { Site } from '../test/kubelet/site.ts'
import { Stage } from '../test/kubelet/stage.ts'
import { hasOwnHost } from '../test/support/own-host.ts'
import { buildWhenStale } from './bench/build.ts'
import { type Cost, costAtRest, costOfAdds } from './upgrade/cost.ts'

const usage = `npm run upgrade -- [--seconds N] [--nodes N] [--pods N]

  --seconds N   how long pods come and go (default 180)
  --nodes N     1 to 5 (default 3)
  --pods N      how many at a time on each node (default 2)
`

/** Wide enough that nobody waits for an address to cool down. */
const pool = { name: 'blue', subnet: '10.78.0.0/16', ips: ['10.78.0.10-10.78.15.250'] }
const costSeconds = 10
const addsPerSecond = 50

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '180' },
    nodes: { type: 'string', default: '3' },
    pods: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false }
  }
})
const [seconds, nodes, pods] = [Number(values.seconds), Number(values.nodes), Number(values.pods)]

if (values.help || !(seconds >= 1) || !(nodes >= 1 && nodes <= 5) || !(pods >= 1 && pods <= 10)) {
  console.log(usage)
  process.exitCode = values.help ? 0 : 2
} else if (!hasOwnHost) {
  console.error('npm run upgrade makes namespaces and runs containerd: it needs root')
  process.exitCode = 2
} else {
  buildWhenStale()
  process.exitCode = (await upgrade()) ? 0 : 1
}

/** Whether nothing failed, nobody had an address twice, and nothing was left over. */
async function upgrade(): Promise<boolean> {
  await using stage = await Stage.set({ machines: nodes, releases: ['old', 'new'] })
  const { machines, segment, daemons } = stage
  using site = new Site({
    overlay: nodes === 1 ? 'single-node' : 'static-peers',
    pools: [pool],
    config: {
      ...(nodes > 1 && {
        mesh: {
          listen: ['/ip4/0.0.0.0/tcp/7946'],
          peers: [1, 2].map(number => `/ip4/${segment.address(number)}/tcp/7946`),
          registrar: 'node-1'
        }
      }),
      cooldown: { seconds: 1, scarceSeconds: 0 }
    }
  })
  await stage.ship('new')
  await daemons.apply(site.objects('old'))
  console.log(`${nodes} nodes run the old release; pods come and go for ${seconds} s`)

  const load = new SandboxLoad()
  // Who has just joined has no address of its own yet, and would ask those that are being replaced.
  await Promise.all(machines.map(machine => load.add(machine, pods)))
  await load.remove(load.held)
  const began = performance.now()
  load.begin(machines, pods)
  let releases = 0
  while (performance.now() - began < seconds * 1_000) {
    const release = releases % 2 === 0 ? 'new' : 'old'
    await daemons.apply(site.objects(release))
    releases += 1
    const { adds, deletes, failures } = load.outcome
    const after = `${((performance.now() - began) / 1_000).toFixed(0)} s`
    console.log(
      `${after.padStart(6)}  all run the ${release} release; ${adds} ADDs, ${deletes} DELs, ${failures.length} failed`
    )
  }
  await load.end()
  await load.remove(load.held)
  const leaks = (await allocatedOn(machines)).flat()
  const { adds, deletes, failures, doubles } = load.outcome
  console.log(
    `${releases} times node by node: ${adds} ADDs, ${deletes} DELs, ${failures.length} failed, ` +
      `${doubles.length} addresses twice, ${leaks.length} left over`
  )
  for (const failure of failures.slice(0, 5)) console.log(failure)

  const [machine] = machines
  if (machine === undefined) throw new Error('there is no machine')
  // Its probes are asked for much more often here than a kubelet does.
  await daemons.pod(machine).abandon()
  show(await costAtRest(machine, costSeconds))
  show(await costOfAdds(machine, addsPerSecond, costSeconds))
  return failures.length + doubles.length + leaks.length === 0
}

function show({ what, residentMb, processorPercent, failures }: Cost): void {
  const failed = failures === 0 ? '' : `, ${failures} failed`
  console.log(
    `the container of node-1 ${what}: ${residentMb} MB, ${processorPercent} % of a processor${failed}`
  )
}
