// Conformance 40 and 43: clocks that jump and machines that start again.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { poolsOf } from '../support/admin.ts'
import { eventually } from '../support/command.ts'
import { fiveIpv4 } from './pools.ts'
import { codeOf, failureFrom } from './verdict.ts'
import { conformance, type World } from './world.ts'

const hourMs = 3_600_000
const yearMs = 365 * 24 * hourMs

/** Shifts the wall clock of a process by the milliseconds that a file says, and no other clock. */
const preload = `
import { readFileSync } from 'node:fs'
const RealDate = Date
const now = () => RealDate.now() + Number(readFileSync(process.env.CLOCK_SHIFT, 'utf8'))
globalThis.Date = class Date extends RealDate {
  constructor(...args) { super(...(args.length === 0 ? [now()] : args)) }
  static now() { return now() }
}
`

const clockDir = mkdtempSync(join(tmpdir(), 'orbweaver-clock-'))
t.teardown(() => rmSync(clockDir, { recursive: true }))
const clockModule = join(clockDir, 'clock.mjs')
const shiftFile = join(clockDir, 'shift')
writeFileSync(clockModule, preload)
const env = { NODE_OPTIONS: `--import=${clockModule}`, CLOCK_SHIFT: shiftFile }
const shift = (ms: number) => writeFileSync(shiftFile, String(ms))
shift(0)

const jumps = [yearMs, 0, -hourMs, 0]
const two = { ...fiveIpv4, ips: ['10.9.0.2-10.9.0.3'] }

const slow = {
  env,
  pools: [two],
  config: {
    cooldown: { seconds: 60, scarceSeconds: 60 },
    reconcile: { everySeconds: 0.1, graceSeconds: 0.1 }
  },
  ipam: { answer_timeout_seconds: 1 }
}
conformance('case 40: no clock jump ends a cool-down or an attachment', slow, async (w, t) => {
  const [pod, other] = [w.pod(), w.pod()]
  await w.add(pod)
  await w.add(other)
  await w.del(pod)
  for (const jump of jumps) {
    shift(jump)
    t.equal((await failureFrom(w.add(w.pod()))).code, 11, `jump by ${jump} ms`)
    t.same(await w.addressesHeld(), ['10.9.0.3'], 'nobody is thrown out')
    t.equal(codeOf(await w.exec('STATUS', pod, { list: { cniVersion: '1.1.0' } })), 0)
  }
  // And not by being asleep meanwhile either.
  for (const jump of [yearMs, -hourMs]) {
    await w.daemon.stop()
    shift(jump)
    await w.restart()
    t.equal((await failureFrom(w.add(w.pod()))).code, 11, `restart, then ${jump} ms`)
    t.same(await w.addressesHeld(), ['10.9.0.3'])
  }
  shift(0)
  return 1
})

const brisk = { env, pools: [two], config: { cooldown: { seconds: 1, scarceSeconds: 1 } } }
conformance('case 40: nor does one prolong them', brisk, async (w, t) => {
  for (const jump of [...jumps, -yearMs]) {
    const [pod, other] = [w.pod(), w.pod()]
    await w.add(pod)
    await w.add(other)
    const began = performance.now()
    await w.del(pod)
    const adding = w.exec('ADD', pod)
    await sleep(100)
    shift(jump)
    const add = await adding
    // An ADD that has to wait longer than the plugin does is refused.
    t.equal(codeOf(add), 0, add.stdout.toString())
    const ms = performance.now() - began
    t.ok(ms > 950, `jump by ${jump} ms: it was free again after ${ms.toFixed(0)} ms`)
    await w.del(pod)
    await w.del(other)
    await eventually('everything has cooled down', () => isAllFree(w))
  }
  shift(0)
  return 0
})

async function isAllFree(w: World): Promise<boolean> {
  return (await poolsOf(w.daemon)).every(({ free, total }) => Number(free) === Number(total))
}

conformance('case 40: kept DELs and re-ADDs are not ordered by it', { env }, async (w, t) => {
  const pod = w.pod()
  await w.add(pod)
  await w.daemon.stop()
  shift(yearMs)
  await w.del(pod)
  shift(-hourMs)
  await w.restart()
  t.same(await w.held(), [], 'the DEL came after the ADD')
  await w.add(pod)
  await w.daemon.kill()
  shift(0)
  await w.restart()
  t.equal((await w.held()).length, 1, 'the ADD came after the DEL')
  await w.del(pod)
  return 0
})

const bootIdFile = join(clockDir, 'boot-id')
const rebooting = {
  config: { bootIdFile, reconcile: { everySeconds: 0.2, graceSeconds: 0.2 } }
}
const nextBoot = '0b7e2d1c-8d3f-4a53-9a53-5a0a2f9f8c02'

/** The first life is that of this machine, since the plugin notes its boot id in the deletion queue. */
function bootOnce(): void {
  writeFileSync(bootIdFile, readFileSync('/proc/sys/kernel/random/boot_id'))
}

function reboot(): void {
  writeFileSync(bootIdFile, `${nextBoot}\n`)
}

bootOnce()
conformance('case 43: after a reboot DEL frees, and so does time', rebooting, async (w, t) => {
  const spaces = [await w.namespace(), await w.namespace(), await w.namespace()]
  const pods = spaces.map(({ path }) => w.pod({ netns: path }))
  for (const pod of pods) await w.add(pod)
  const survivor = w.pod()
  await w.add(survivor)
  await sleep(600)
  t.equal((await w.held()).length, 4, 'as long as they live nobody is reaped')
  await w.daemon.kill()
  for (const space of spaces) await space.remove()
  reboot()
  await w.restart({ config: { bootIdFile, reconcile: { everySeconds: 600, graceSeconds: 600 } } })
  const [first] = pods
  if (first === undefined) throw new Error('there are three')
  await w.del({ ...first, netns: '' })
  t.same(await w.addressesHeld(first), [], 'DEL with an empty CNI_NETNS')
  await w.daemon.stop()
  await w.restart()
  await eventually('the others are reaped', async () => (await w.held()).length === 0)
  t.equal((await w.add(w.pod())).length, 1)
  bootOnce()
  return 1
})

conformance('case 43: a kept DEL of an earlier life is still a DEL', rebooting, async (w, t) => {
  const pod = w.pod()
  await w.add(pod)
  await w.daemon.stop()
  await w.del(pod)
  reboot()
  await w.restart()
  t.same(await w.held(), [])
  bootOnce()
  return 0
})

t.setTimeout(300_000)
