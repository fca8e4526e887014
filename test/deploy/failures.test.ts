// What a deployment goes through, a row of the table in docs/deploy.md each: killed containers, a killed runtime, a full
// disk, ConfigMaps that are lost, another network beside ours, and the machine's power.

import '../support/own-host.ts'

import { rmSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { allocatedOn, SandboxLoad } from '../kubelet/sandbox-load.ts'
import { bootIdFile } from '../kubelet/machine.ts'
import { Site } from '../kubelet/site.ts'
import { neededPrograms, Stage } from '../kubelet/stage.ts'
import { eventually } from '../support/command.ts'
import type { Pool } from '../support/ipam.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const blue: Pool = { name: 'blue', subnet: '10.77.0.0/24', ips: ['10.77.0.100-10.77.0.139'] }
const config = {
  bootIdFile: '/run/orbweaver/boot-id',
  cooldown: { seconds: 1, scarceSeconds: 0 }
}
const stateDir = '/var/lib/orbweaver'

const what = 'failures of a deployment under containerd'
if (requireRoot(t, what) && requirePrograms(t, what, neededPrograms)) await suite()

async function suite(): Promise<void> {
  await using stage = await Stage.set({ machines: 1, releases: ['first'], hasOwnBoots: true })
  const { machines, daemons } = stage
  const machine = stage.machine(1)
  const load = new SandboxLoad()
  using site = new Site({ overlay: 'single-node', pools: [blue], config })

  /** Everything that pods were given is what the daemon says, and nothing failed. */
  const agrees = async (t: Test) => {
    t.same(load.outcome.failures, [])
    t.same(load.outcome.doubles, [])
    const [allocated] = await allocatedOn(machines)
    t.same(allocated, load.held.map(({ address }) => address).toSorted())
  }
  /** What a pod is refused with now, if it is. */
  const refusal = async () => {
    const outcome = await machine.cri.run('probe').catch(String)
    if (!/^[0-9a-f]+$/.test(outcome)) return outcome
    await machine.cri.remove(outcome)
    return undefined
  }
  /** Where containers see it. */
  const tellBoot = () => machine.exec('cp', bootIdFile, '/run/orbweaver/boot-id')

  await machine.exec('mkdir', '-p', '/run/orbweaver')
  await tellBoot()
  await machine.exec('mount', '-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', stateDir)
  await daemons.apply(site.objects('first'))
  const pod = daemons.pod(machine)
  await load.add(machine, 3)

  await t.test('kill -9 of the container: it is started again, and nobody notices', async t => {
    for (const pid of machine.processes('node')) process.kill(pid, 'SIGKILL')
    await load.add(machine, 2)
    await pod.ready()
    t.equal(pod.restarts, 1)
    await agrees(t)
  })

  await t.test('kill -9 of containerd: the daemon goes on', async t => {
    const before = machine.processes('node')
    await machine.killContainerd()
    t.same(machine.processes('node'), before, 'it still runs')
    await machine.startContainerd()
    await load.add(machine, 1)
    await load.remove(load.held.slice(0, 1))
    t.same(machine.processes('node'), before)
    t.equal(pod.restarts, 1)
    await agrees(t)
  })

  await t.test('a full disk: ADDs say so, DELs go through, and it mends itself', async t => {
    await machine.attempt('dd', 'if=/dev/zero', `of=${stateDir}/fill`, 'bs=64k')
    const refused = await eventually('the disk is noticed', refusal)
    t.match(refused, /disk|full|space/i)
    t.comment(refused)
    await load.remove(load.held.slice(0, 2))
    await machine.exec('rm', `${stateDir}/fill`)
    await pod.ready()
    await load.add(machine, 2)
    t.equal(pod.restarts, 1, 'nothing was started anew')
    await agrees(t)
  })

  await t.test(
    'a ConfigMap of pools that is lost changes nothing; one that is empty refuses',
    async t => {
      const all = site.objects('first')
      const isPools = (object: (typeof all)[number]) => object.metadata.name === 'orbweaver-pools'
      await daemons.apply(all.filter(object => !isPools(object)))
      await load.add(machine, 1)
      await agrees(t)
      await daemons.apply(
        all.map(one => (isPools(one) ? { ...one, data: { 'pools.yaml': '' } } : one))
      )
      t.match(await eventually('it is noticed', refusal), /no pool on node-1 fits/)
      await load.remove(load.held.slice(0, 1))
      await daemons.apply(all)
      await eventually('the pool is back', async () => (await refusal()) === undefined)
      await load.add(machine, 1)
      await agrees(t)
    }
  )

  await t.test(
    'a ConfigMap that is lost when the pod is started: it waits, and so do pods',
    async t => {
      await pod.stop()
      const all = site.objects('first')
      pod.refresh(all.filter(({ metadata }) => !metadata.name.startsWith('orbweaver-config')))
      pod.start()
      await eventually('it is told', () =>
        /configmap "orbweaver-config.*" not found/.test(pod.obstacle)
      )
      await load.remove(load.held.slice(0, 1))
      const waiting = load.add(machine, 1)
      pod.refresh(all)
      await waiting
      await pod.ready()
      await agrees(t)
    }
  )

  await t.test('another network in the same directory: the first by name has the pods', async t => {
    const other = machine.path('/etc/cni/net.d/05-other.conflist')
    const ipam = { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }]] }
    const plugins = [{ type: 'bridge', bridge: 'other0', ipam }]
    writeFileSync(other, JSON.stringify({ cniVersion: '1.0.0', name: 'other', plugins }))
    const addressOf = async (name: string) => {
      const id = await machine.cri.run(name)
      const { addresses } = await machine.cri.status(id)
      await machine.cri.remove(id)
      return addresses.join()
    }
    t.match(
      await eventually('its turn', async () => match(/^10\.88\./, await addressOf('o'))),
      /^10/
    )
    await agrees(t)
    rmSync(other)
    t.match(await eventually('ours', async () => match(/^10\.77\./, await addressOf('p'))), /^10/)
    await machine.exec('ip', 'link', 'delete', 'other0')
    await agrees(t)
  })

  await t.test(
    'a reboot: no pod of before has an address any more, and nothing is asked',
    async t => {
      const before = load.held
      t.ok(before.length > 0)
      await pod.abandon()
      await machine.exec('cp', '-a', stateDir, '/var/lib/kubelet/kept')
      await machine.reboot()
      await machine.exec('cp', '-a', '/var/lib/kubelet/kept/.', stateDir)
      await machine.exec('mkdir', '-p', '/run/orbweaver')
      await tellBoot()
      // As the kubelet does, before its DaemonSet is there: the plugin notes the DELs down.
      const ids = await machine.cri.list()
      await Promise.all(ids.map(id => machine.cri.remove(id)))
      pod.start()
      await pod.ready()
      t.same((await allocatedOn(machines)).flat(), [])
      const after = new SandboxLoad()
      await after.add(machine, 3)
      t.match(after.outcome, { adds: 3, failures: [] })
      await after.remove(after.held)
    }
  )
}

function match(pattern: RegExp, text: string): string | undefined {
  return pattern.test(text) ? text : undefined
}
