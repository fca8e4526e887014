// Real namespaces: seen, missing, gone, and held by a process although their name is gone.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { judgeSandbox, type Sandbox } from '../../src/core/sandbox.ts'
import { createNamespaceFiles } from '../../src/host/namespace-files.ts'
import { requireRoot } from '../support/privilege.ts'

const bootIdFile = '/proc/sys/kernel/random/boot_id'
const probe = createNamespaceFiles(bootIdFile)

function add(name: string): string {
  execFileSync('ip', ['netns', 'add', name])
  return `/run/netns/${name}`
}

function remove(name: string): void {
  execFileSync('ip', ['netns', 'delete', name])
}

async function sandboxAt(path: string): Promise<Sandbox> {
  const seen = probe.see(path)
  if (seen.type !== 'Namespace') throw new Error(`${path} is ${seen.type}`)
  const { boot } = (await probe.sight([{ path, began: { boot: '', ns: 0n } }]))[0] ?? { boot: '' }
  return { path, began: { boot, ns: 1n }, namespace: seen.id, witness: seen.witness }
}

async function verdictOn(sandbox: Sandbox): Promise<string> {
  const [sighting] = await probe.sight([sandbox])
  return sighting === undefined ? 'no sighting' : judgeSandbox(sandbox, sighting).type
}

const bigintAsText = (_key: string, value: unknown) =>
  typeof value === 'bigint' ? value.toString() : value

/** Judges the sandbox of its environment in a process with fewer rights. */
const verdictElsewhere = `
  import { createNamespaceFiles } from '${import.meta.dirname}/../../src/host/namespace-files.ts'
  import { judgeSandbox } from '${import.meta.dirname}/../../src/core/sandbox.ts'
  const sandbox = JSON.parse(process.env.SANDBOX)
  sandbox.began.ns = BigInt(sandbox.began.ns)
  const [sighting] = await createNamespaceFiles('${bootIdFile}').sight([sandbox])
  console.log(judgeSandbox(sandbox, sighting).type)
`

/** A program of which one thread, not the first one, joins the namespace and stays there. */
const threadInNamespace = `
  import { openSync } from 'node:fs'
  import { Worker } from 'node:worker_threads'
  const file = openSync(process.argv[1], 'r')
  const join = \`
    import koffi from 'koffi'
    import { parentPort, workerData } from 'node:worker_threads'
    const setns = koffi.load('libc.so.6').func('int setns(int, int)')
    parentPort.on('message', () => {})
    parentPort.postMessage(setns(workerData, 0x40000000) === 0 ? 'joined' : 'failed')
  \`
  new Worker(join, { eval: true, workerData: file }).on('message', said => process.stdout.write(said))
`

t.test('what is no namespace of a pod', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-ns-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'plain'), '')
  t.same(probe.see(join(directory, 'nothing')), { type: 'Missing' })
  t.same(probe.see(join(directory, 'plain', 'below')), { type: 'Missing' })
  t.same(probe.see(join(directory, 'plain')), { type: 'NotNamespace' })
  t.same(probe.see('/proc/self/ns/uts'), { type: 'NotNamespace' })
  t.same(probe.see('/proc/self/ns/net'), { type: 'Own' })
})

t.test('real namespaces', async t => {
  if (!requireRoot(t, 'looking at network namespaces')) return
  t.test('alive, then gone', async t => {
    const name = `ow-ns-a-${process.pid}`
    const sandbox = await sandboxAt(add(name))
    t.equal(await verdictOn(sandbox), 'Alive')
    remove(name)
    t.equal(await verdictOn(sandbox), 'Gone')
  })

  t.test('a name that is gone is no proof while a process lives there', async t => {
    const name = `ow-ns-b-${process.pid}`
    const sandbox = await sandboxAt(add(name))
    const child = spawn('ip', ['netns', 'exec', name, 'sleep', '60'])
    t.teardown(() => child.kill('SIGKILL'))
    const own = await sandboxAt(`/run/netns/${name}`)
    for (let i = 0; i < 500; i += 1) {
      const found = probe.see(`/proc/${child.pid}/ns/net`)
      if (found.type === 'Namespace' && found.id === own.namespace) break
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    remove(name)
    t.equal(await verdictOn(sandbox), 'Alive')
    const exited = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
    t.equal(await verdictOn(sandbox), 'Gone')
  })

  t.test(
    'an ordinary file where the namespace was proves nothing: a mount that we do not see may lie on it',
    async t => {
      const name = `ow-ns-d-${process.pid}`
      const path = add(name)
      const sandbox = await sandboxAt(path)
      remove(name)
      writeFileSync(path, '')
      t.teardown(() => rmSync(path, { force: true }))
      t.equal(await verdictOn(sandbox), 'Unknown')
    }
  )

  t.test('a thread lives in a namespace too', async t => {
    const name = `ow-ns-e-${process.pid}`
    const path = add(name)
    const sandbox = await sandboxAt(path)
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', threadInNamespace, path],
      {
        cwd: join(import.meta.dirname, '../..'),
        stdio: ['ignore', 'pipe', 'inherit']
      }
    )
    t.teardown(() => child.kill('SIGKILL'))
    t.equal(String((await once(child.stdout, 'data'))[0]), 'joined')
    remove(name)
    t.equal(await verdictOn(sandbox), 'Alive')
  })

  t.test('without the right to look at other processes nothing is concluded', async t => {
    const name = `ow-ns-c-${process.pid}`
    const sandbox = await sandboxAt(add(name))
    const child = spawn('ip', [
      ...['netns', 'exec', name],
      ...['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'sleep', '60']
    ])
    t.teardown(() => child.kill('SIGKILL'))
    for (let i = 0; i < 500; i += 1) {
      const found = probe.see(`/proc/${child.pid}/ns/net`)
      if (found.type === 'Namespace' && found.id === sandbox.namespace) break
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    remove(name)
    const printed = execFileSync(
      'setpriv',
      [
        ...['--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace', process.execPath],
        ...['--input-type=module-typescript', '--eval', verdictElsewhere]
      ],
      { encoding: 'utf8', env: { ...process.env, SANDBOX: JSON.stringify(sandbox, bigintAsText) } }
    )
    t.equal(printed.trim(), 'Unknown')
    t.equal(await verdictOn(sandbox), 'Alive', 'while this process may look')
  })

  t.test('a namespace of a process', async t => {
    const child = spawn('unshare', ['-n', 'sleep', '60'])
    t.teardown(() => child.kill('SIGKILL'))
    const path = `/proc/${child.pid}/ns/net`
    for (let i = 0; i < 500 && probe.see(path).type !== 'Namespace'; i += 1) {
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    const sandbox = await sandboxAt(path)
    t.equal(sandbox.witness?.path, '/proc')
    t.equal(await verdictOn(sandbox), 'Alive')
    const exited = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
    t.equal(await verdictOn(sandbox), 'Gone')
  })
})
