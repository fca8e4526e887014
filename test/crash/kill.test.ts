// SIGKILL at each step of a commit: after the restart, what was told holds, and what was not told is either
// told on the next try or nobody's.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { attachmentsOf } from '../support/admin.ts'
import { type Daemon, startDaemon } from '../support/daemon.ts'
import { requireRoot } from '../support/privilege.ts'

const pools = `
apiVersion: spiderpool.spidernet.io/v2beta1
kind: SpiderIPPool
metadata: {name: blue}
spec: {subnet: 10.9.0.0/28, ips: ["10.9.0.2-10.9.0.9"], gateway: 10.9.0.1, default: true}
`
const plugin = join(import.meta.dirname, '../../build/orbweaver')
const namespace = `ow-kill-${process.pid}`

async function execute(daemon: Daemon, verb: 'ADD' | 'DEL', containerId: string) {
  const child = spawn(plugin, {
    env: {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: `/run/netns/${namespace}`,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin'
    }
  })
  let stdout = ''
  child.stdout.on('data', chunk => (stdout += String(chunk)))
  child.stdin.end(
    JSON.stringify({
      cniVersion: '1.0.0',
      name: 'net1',
      type: 'macvlan',
      ipam: {
        type: 'orbweaver',
        socket: daemon.socket,
        queue: daemon.queue,
        connect_timeout_seconds: 10,
        answer_timeout_seconds: 10
      }
    })
  )
  const [status] = (await once(child, 'close')) as [number]
  const answer = (stdout === '' ? {} : JSON.parse(stdout)) as { ips?: { address: string }[] }
  return { status, address: answer.ips?.[0]?.address }
}

if (requireRoot(t, 'killing the daemon at each step of a commit')) {
  execFileSync('ip', ['netns', 'add', namespace])
  t.teardown(() => execFileSync('ip', ['netns', 'delete', namespace]))
  for (const step of ['before', 'inside', 'after']) {
    for (const [type, verb] of [
      ['Attach', 'ADD'],
      ['Detach', 'DEL']
    ] as const) {
      t.test(`killed ${step} the commit of ${verb === 'ADD' ? 'an ADD' : 'a DEL'}`, async t => {
        const main = join(import.meta.dirname, 'dying-daemon.ts')
        const env = { DIE_AT: step, DIE_TYPE: type, DIE_ON: verb === 'ADD' ? '2' : '1' }
        await using dying = await startDaemon({ pools, main, env })
        t.teardown(() => rmSync(dying.dir, { recursive: true, force: true }))
        const first = await execute(dying, 'ADD', 'first')
        t.equal(first.address, '10.9.0.2/28')
        const hit = execute(dying, verb, verb === 'ADD' ? 'second' : 'first')
        await once(dying.process, 'exit')
        t.equal(dying.process.signalCode, 'SIGKILL', 'it died there')
        await using daemon = await startDaemon({ dir: dying.dir })
        t.equal(
          (await hit).status,
          0,
          'the plugin waited for the next daemon, or left it to the queue'
        )
        const kept = await execute(daemon, 'ADD', 'third')
        const held = await attachmentsOf(daemon)
        const addresses = held.flatMap(one => one.addresses.map(({ address }) => address))
        t.equal(new Set(addresses).size, addresses.length, 'never two with one address')
        t.same(
          held.map(({ containerId }) => containerId).sort(),
          verb === 'ADD' ? ['first', 'second', 'third'] : ['third']
        )
        t.ok(kept.address)
        for (const { containerId } of held) {
          t.equal((await execute(daemon, 'DEL', containerId)).status, 0)
        }
        t.same(await attachmentsOf(daemon), [], 'nothing leaks')
      })
    }
  }
}
