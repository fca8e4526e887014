// What the doctor finds on machines that lack something, and what it says to do.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { cniFindings } from '../../src/cli/doctor/cni-checks.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import {
  clockFindings,
  diskFindings,
  kernelFindings,
  keyFindings,
  socketFindings
} from '../../src/cli/doctor/machine-checks.ts'
import type { Places } from '../../src/cli/orb.ts'
import { poolDocument } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from '../admin/admin-socket.ts'
import { orb } from './surroundings.ts'

function placesIn(dir: string): Places {
  return {
    ...{ configFile: undefined, nodeName: 'n1', stateDir: join(dir, 'state') },
    ...{ socket: join(dir, 'cni.sock'), adminSocket: join(dir, 'admin.sock') },
    ...{ queueDir: join(dir, 'queue'), poolDirs: [], keyFile: join(dir, 'key'), settings: {} }
  }
}

const told = ({ check, state }: Finding) => `${check}: ${state}`

t.test('sockets', async t => {
  const places = placesIn(t.testdir())
  t.same((await socketFindings(places)).map(told), [
    ...['cni socket: problem', 'chained socket: problem', 'admin socket: problem']
  ])
  const server = createServer(connection => connection.destroy())
  await new Promise<void>(resolve => server.listen(places.socket, resolve))
  t.teardown(() => server.close())
  chmodSync(places.socket, 0o666)
  t.match(await socketFindings(places), [{ what: /mode 666: others than root/, todo: /chmod 600/ }])
  chmodSync(places.socket, 0o600)
  t.match(await socketFindings(places), [
    { state: 'ok' },
    { what: /ENOENT.*coordinator and ifacer cannot/ },
    { what: /ENOENT.*nobody can ask/ }
  ])
})

t.test('disk, queue and key', async t => {
  const dir = t.testdir({ queue: {}, state: {}, key: 'x' })
  const places = placesIn(dir)
  chmodSync(join(dir, 'key'), 0o644)
  t.same(diskFindings(places).map(told), ['disk: ok', 'deletion queue: ok'])
  t.match(keyFindings(places), [{ state: 'problem', what: /mode 644/, todo: /chmod 600/ }])
  chmodSync(join(dir, 'key'), 0o600)
  t.match(keyFindings(places), [{ state: 'ok' }])
  writeFileSync(join(dir, 'queue/1.del'), '')
  t.match(diskFindings(places), [{}, { state: 'warning', what: /1 DELs wait/ }])
  writeFileSync(join(dir, 'queue/2.del.refused'), '')
  t.match(diskFindings(places), [{}, { what: /1 files .* are no requests/, todo: /refused/ }])
  const gone = placesIn(join(dir, 'gone'))
  t.same(diskFindings(gone).map(told), ['disk: problem', 'deletion queue: ok'])
  t.match(keyFindings(gone), [{ state: 'problem', todo: /bring the key/ }])
  t.match(keyFindings({ ...gone, keyFile: undefined }), [{ state: 'ok' }])
})

t.test('CNI files', async t => {
  const dir = t.testdir({ bin: {}, net: {} })
  const [bin, net] = [join(dir, 'bin'), join(dir, 'net')]
  const states = () => cniFindings(bin, net).map(told)
  t.same(states(), ['cni plugin: problem', 'cni network: problem'])
  writeFileSync(join(bin, 'orbweaver'), '')
  t.same(states()[0], 'cni plugin: problem', 'it cannot be executed')
  chmodSync(join(bin, 'orbweaver'), 0o755)
  writeFileSync(join(net, '10-other.conf'), '{"type":"bridge"}')
  t.same(states(), ['cni plugin: ok', 'cni network: warning'])
  const plugins = [{ type: 'macvlan', ipam: { type: 'orbweaver' } }]
  writeFileSync(join(net, '20-underlay.conflist'), JSON.stringify({ plugins }))
  t.match(cniFindings(bin, net)[1], { state: 'warning', what: /10-other\.conf comes before it/ })
  writeFileSync(join(net, '05-underlay.conflist'), JSON.stringify({ plugins }))
  t.match(cniFindings(bin, net)[1], { state: 'ok', what: /05-underlay/ })
})

t.test('kernel and clock', async t => {
  const root = t.testdir({ sys: { module: { macvlan: {}, ipvlan: {}, bonding: {} } } })
  t.match(kernelFindings(root), [{ state: 'warning', what: /shows no 8021q/ }])
  mkdirSync(join(root, 'sys/module/8021q'))
  t.match(kernelFindings(root), [{ state: 'ok' }])
  const now = Date.UTC(2030, 0)
  t.match(clockFindings(now, now + 3_600_000), [{ state: 'warning', what: /is from later/ }])
  t.not(clockFindings(now, now - 5)[0]?.state, 'warning')
})

t.test('a node that is asked', async t => {
  const documents = [poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'])]
  const house = await new TestHouse(documents).open()
  const { socketPath } = await openAdmin(t, house.house, { clock: house.clock })
  const findings = async () => {
    const { out, status } = await orb(socketPath, ['doctor', '-o', 'json'])
    return { status, findings: (JSON.parse(out) as { findings: Finding[] }).findings }
  }
  const { findings: well } = await findings()
  for (const check of ['serving', 'pools', 'peers', 'registry', 'actors']) {
    t.match(
      well.find(one => one.check === check),
      { state: 'ok' },
      check
    )
  }
  house.house.actors.tell('subnet/10.9.0.0/29', { type: 'Confirm', address: 1n })
  house.pools.change([{ ...documents[0], spec: {} } as never])
  house.clock.advance(100)
  await orb(socketPath, ['node', 'drain', '--no-wait'])
  const ill = await findings()
  t.equal(ill.status, 4, 'sockets are missing here')
  t.match(
    ill.findings.find(({ check }) => check === 'serving'),
    { what: /is being drained/ }
  )
  t.match(
    ill.findings.find(({ check }) => check === 'actors'),
    { what: /subnet.* crashed/ }
  )
  const { out } = await orb(socketPath, ['doctor'])
  t.match(out, /^CHECK +STATUS +FINDING\n[^]*\nWhat to do:\n {2}[a-z ]+: /)
})

t.test('no daemon at all', async t => {
  const { out, status } = await orb('/nonexistent/admin.sock', ['doctor'])
  t.equal(status, 4)
  t.match(out, /daemon +PROBLEM +no daemon answers/)
  for (const line of out.matchAll(/^(\S+(?: \S+)*) {2,}(WARNING|PROBLEM|UNKNOWN)/gm)) {
    t.match(out, new RegExp(`^ {2}${line[1]}: `, 'm'), `${line[1]} says what to do`)
  }
})
