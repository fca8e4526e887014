// The subcommands of orbweaverd that are commands of orb, against real daemons: what people read, what programs read,
// and the exit status.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeClusterKey } from '../../src/mesh/cluster-key.ts'
import { attempt, eventually } from '../support/command.ts'
import { startDaemon } from '../support/daemon.ts'
import { mainProgram } from '../support/main-program.ts'

const main = mainProgram()

const pools = `apiVersion: spiderpool.spidernet.io/v2beta1
kind: SpiderIPPool
metadata: { name: blue }
spec: { subnet: 10.9.0.0/28, ips: ["10.9.0.2-10.9.0.14"], default: true }
`

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-cli-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Run a subcommand against the daemon of this directory. */
function command(dir: string) {
  const config = join(dir, 'config.yaml')
  return (...args: string[]) =>
    attempt(process.execPath, [main, ...args, '--config', config], { input: '' })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

t.test('a node on its own', async t => {
  const dir = temporary()
  await using daemon = await startDaemon({ dir, pools, config: { nodeName: 'n1' } })
  const run = command(dir)
  await eventually('custody', async () => {
    const { stdout } = await run('blocks')
    return stdout.includes('mine')
  })
  t.match(await run('status'), {
    code: 0,
    stdout: /^NODE +STATUS +RELEASE +REASON\nn1 +Serving +\d+\.\d+\.\d+\n$/,
    stderr: ''
  })
  t.same(await run('blocks'), {
    code: 0,
    stdout: [
      'SUBNET        FIRST      LAST        COUNT   EPOCH   OWNER   NOTE',
      '10.9.0.0/28   10.9.0.0   10.9.0.15   16      3.0     n1      mine',
      ''
    ].join('\n'),
    stderr: ''
  })
  t.match(await run('peers'), {
    code: 0,
    stdout: /^NODE +MEMBER +STATUS +HEARD\nn1 +1 +This +0s\n$/
  })
  const { stdout } = await run('registry')
  t.match(stdout, /^RECORD {3}TIME +AUTHOR {3}TYPE +WHAT\n[^]*\n3 records, hash [0-9a-f]{64}\n$/)
  t.match(stdout, /\n1 +\d{4}-\d\d-\d\dT[\d:]{8}Z {3}n1 +Genesis +cluster [0-9a-f]{32}\n/)
  t.match(stdout, /\n3 .*RangeAdd +10\.9\.0\.0\/28: 10\.9\.0\.0-10\.9\.0\.15 to n1\n/)
  const json = await run('blocks', '--json')
  t.match(JSON.parse(json.stdout), { domains: [{ blocks: [{ owner: 'n1', mine: true }] }] })

  t.same(await run('transfer', '10.9.0.3'), {
    code: 0,
    stdout: '10.9.0.3 was here already\n',
    stderr: ''
  })
  t.match(await run('transfer', '192.0.2.1'), {
    code: 1,
    stdout: '',
    stderr: /^orbweaverd: no subnet that this node knows has 192\.0\.2\.1\n$/
  })
  t.match(await run('resolve', '10.9.0.3', 'n1'), {
    code: 1,
    stderr: /not contested as far as this node knows: n1 owns it/
  })
  t.match(await run('remove', 'n2'), { code: 2, stderr: /^orbweaverd: say who vouches/ })
  t.match(await run('remove', 'n2', '--vouched-by', ' '), { code: 1, stderr: /vouchedBy: ""/ })
  t.match(await run('remove', 'n2', '--vouched-by', 'eve'), {
    code: 1,
    stderr: 'orbweaverd: no member is called n2; members are n1\n'
  })
  for (const args of [['remove'], ['remove', 'a', 'b'], ['resolve', 'a'], ['drain', 'n1']]) {
    t.match(await run(...args), { code: 2, stderr: /it is: orbweaverd (remove|resolve|drain)/ })
  }
  t.match(await run('drain'), {
    code: 0,
    stdout:
      /^this node is being drained until .*\nno other node can be reached.*\n10\.9\.0\.0\/28: 16 addresses are left\n$/
  })
  t.match(await run('status'), {
    code: 0,
    stdout: /n1 +Draining[^]*\n10\.9\.0\.0\/28 +this node is being drained\n$/
  })
  t.match(await run('undrain'), { code: 0, stdout: 'this node is not being drained any more\n' })
  t.match(await run('status'), { code: 0, stdout: /n1 +Serving/ })
  t.equal(await daemon.stop(), 0)
  t.match(daemon.log(), /"url":"\/v1\/drain".*an operator gave an order/)
  t.match(await run('status'), { code: 3, stderr: /no daemon answers at .*admin\.sock; start it/ })
})

t.test('a machine that is off', async t => {
  const [dir, other] = [temporary(), temporary()]
  const keyFile = join(dir, 'cluster.key')
  makeClusterKey(keyFile)
  const at = `/ip4/127.0.0.1/tcp/${await freePort()}`
  const mesh = { keyFile, listen: [at], registrar: true }
  const theirs = { keyFile, listen: ['/ip4/127.0.0.1/tcp/0'], peers: [at] }
  await using first = await startDaemon({ dir, pools, config: { nodeName: 'n1', mesh } })
  await using second = await startDaemon({
    ...{ dir: other, pools },
    config: { nodeName: 'n2', mesh: theirs, machineIdFile: '/nowhere' }
  })
  t.ok(first.process.pid)
  const [run, runThere] = [command(dir), command(other)]
  await eventually('a session', async () => /n2 +2 +Ready/.test((await run('peers')).stdout))
  // In no pool, so it comes only by its name.
  t.same(await runThere('transfer', '10.9.0.15'), {
    ...{ code: 0, stdout: '10.9.0.15 is here now\n', stderr: '' }
  })
  t.match(await run('remove', 'n2', '--vouched-by', 'eve'), {
    code: 1,
    stderr: /n2 is not off: it is connected/
  })
  await second.kill()
  await eventually('the loss', async () => /n2 +2 +Unreachable/.test((await run('peers')).stdout))
  t.match(await run('transfer', '10.9.0.15'), {
    code: 1,
    stderr: /10\.9\.0\.15 is held by n2, which does not answer/
  })
  t.match(await run('remove', 'n2', '--vouched-by', 'eve'), {
    code: 0,
    stdout: /^removed n2 \([0-9a-f]{32}\) by record \d+; n1 takes over its addresses/
  })
  t.match(
    (await run('registry')).stdout,
    /Remove +n2 \(.*\), heir n1; OPERATOR: vouched by eve: mac/
  )
  await eventually('the inheritance', async () => {
    const { stdout } = await run('transfer', '10.9.0.15')
    return stdout.includes('was here already')
  })
  t.match(await run('remove', 'n2', '--vouched-by', 'eve'), {
    code: 1,
    stderr: /^orbweaverd: n2 was removed by record \d+ already\n$/
  })
})

t.test('at a terminal it asks who vouches', async t => {
  const dir = temporary()
  await using daemon = await startDaemon({ dir, pools, config: { nodeName: 'n1' } })
  t.ok(daemon.process.pid)
  const line = [process.execPath, main, 'remove', 'n2', '--config', join(dir, 'config.yaml')]
  const typed = (input: string) =>
    attempt('script', ['-qec', line.join(' '), '/dev/null'], { input, timeoutMs: 20_000 })
  const answered = await typed('eve\n')
  if (answered.code === 128) {
    t.comment('there is no script(1) on this machine, so nobody is asked')
    return
  }
  t.match(answered, {
    code: 1,
    stdout: /Who vouches that the machine of n2 is off\?[^]*no member is called n2; members are n1/
  })
  t.match(await typed('\n'), { code: 2, stdout: /Who vouches[^]*orbweaverd: say who vouches/ })
})
