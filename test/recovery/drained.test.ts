// A node that people have drained stays so over restarts of its daemon and for subnets that come later, until they
// call it off.

import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { callAdmin } from '../../src/admin/admin-client.ts'
import { eventually } from '../support/command.ts'
import { plugin, poolsYaml } from '../support/ipam.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { pool, RecoveringNode } from './recovering-node.ts'

interface Status {
  readonly draining: boolean
  readonly notServing: readonly { readonly domain: string; readonly why: string }[]
}

const what = 'a node that is drained'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', plugin])) {
  t.test('a node that is drained', suite)
}

async function suite(t: Test): Promise<void> {
  const node = new RecoveringNode('node-d', undefined)
  t.teardown(async () => {
    await node.stop()
    for (const file of readdirSync(join(node.dir, 'netns'))) {
      execFileSync('umount', [join(node.dir, 'netns', file)])
    }
    rmSync(node.dir, { recursive: true })
  })
  const call = async (method: 'GET' | 'POST', path: string) => {
    const reply = await callAdmin(node.daemon.adminSocket, {
      ...{ method, path },
      ...(method === 'POST' && { body: {} })
    })
    if ('problem' in reply) throw new Error(reply.problem)
    return JSON.parse(reply.text) as Status
  }
  await node.start()
  const pod = await node.add('pod')
  t.match(await call('POST', '/v1/drain'), { draining: true })
  await node.stop()
  await node.start()
  t.match(await call('GET', '/v1/status'), { draining: true })
  const { status, stdout } = await node.tryAdd('late', pod.netns)
  t.not(status, 0)
  t.match(JSON.parse(stdout), { code: 113, msg: /is being drained/ })
  const later = { ...pool, name: 'later', subnet: '10.204.0.0/24', ips: ['10.204.0.5'] }
  writeFileSync(join(node.daemon.poolDir, 'later.yaml'), poolsYaml([later]))
  await eventually('the later subnet is not served either', async () => {
    const { notServing } = await call('GET', '/v1/status')
    return notServing.some(({ domain, why }) => domain === later.subnet && /drained/.test(why))
  })
  t.equal((await node.delete(pod)).status, 0, 'what is there may go')
  t.match(await call('POST', '/v1/undrain'), { draining: false })
  await node.add('again')
  await node.stop()
  await node.start()
  t.match(await call('GET', '/v1/status'), { draining: false })
}
