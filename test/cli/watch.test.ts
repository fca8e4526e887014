// --watch against a house in this process: a view is written again when it has changed, and only then.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { poolDocument } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from '../admin/admin-socket.ts'
import { eventually } from '../support/command.ts'

const program = join(import.meta.dirname, '../../src/orb.ts')

t.test('again whenever it changes', async t => {
  const blue = poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'])
  const house = await new TestHouse([blue]).open()
  const { socketPath } = await openAdmin(t, house.house, { clock: house.clock })
  const child = spawn(process.execPath, [program, 'pools', '-w', '--socket', socketPath], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.on('data', chunk => (out += String(chunk)))
  await eventually('the first table', async () => out.includes('blue'))
  house.pools.change([{ ...blue, spec: { ...blue.spec, disable: true } }])
  await house.pass(2_000)
  await eventually('the second table', async () => out.includes('Disabled'))
  child.kill('SIGINT')
  const [code, signal] = await new Promise<[number | null, string | null]>(resolve =>
    child.once('close', (...end) => resolve(end))
  )
  t.ok(signal === 'SIGINT' || code === 130, 'until ^C')
  t.equal(out.match(/^NAME/gm)?.length, 2, 'and not oftener')
})
