// Conformance 36-38 and 41: many at once, and somebody dies in the middle.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Chance } from '../../scripts/sim/chance.ts'
import { eventually } from '../support/command.ts'
import { repeatedBy, seed } from '../support/seed.ts'
import { fiveIpv4, type PoolText } from './pools.ts'
import { type CniResult, plainAddresses } from './result.ts'
import type { Attachment } from './runtime.ts'
import { codeOf } from './verdict.ts'
import { decode, type Message, Middleman } from './wire.ts'
import { conformance, nobody, plugin, type World, type WorldOptions } from './world.ts'

t.comment(repeatedBy)

const fifty: PoolText = { ...fiveIpv4, ips: ['10.9.0.2-10.9.0.51'] }
conformance('case 36: many ADDs at once', { pools: [fifty] }, async (w, t) => {
  const same = w.pod()
  const answers = await Promise.all(Array.from({ length: 32 }, () => w.exec('ADD', same)))
  t.equal(new Set(answers.map(({ stdout }) => stdout.toString())).size, 1, 'one answer for one key')
  t.equal((await w.held()).length, 1)
  await w.del(same)
  await w.daemon.stop()
  // A new daemon, so that the address of above does not cool down in the middle of the count.
  await w.restart({ config: { cooldown: { seconds: 0, scarceSeconds: 0 } } })
  const pods = Array.from({ length: 64 }, () => w.pod())
  const outcomes = await Promise.all(pods.map(pod => w.exec('ADD', pod)))
  const told = outcomes.filter(({ code }) => code === 0).map(({ stdout }) => addressIn(stdout))
  t.equal(told.length, 50)
  t.equal(new Set(told).size, 50, 'each its own')
  const codes = outcomes.filter(({ code }) => code !== 0).map(codeOf)
  t.same(codes, Array(14).fill(110), 'and the others a clean no')
  t.same((await w.addressesHeld()).toSorted(), told.toSorted())
  return 50
})

function addressIn(stdout: Buffer): string {
  return plainAddresses(JSON.parse(stdout.toString()) as CniResult).join()
}

/** A world where somebody stands between plugin and daemon. */
const watched = {
  ipam: { connect_timeout_seconds: 10, answer_timeout_seconds: 20 },
  socket: daemon => `${daemon.dir}/middle.sock`
} satisfies WorldOptions

async function middleman(w: World): Promise<Middleman> {
  const between = await Middleman.listen(`${w.daemon.dir}/middle.sock`, w.daemon.socket)
  w.onClose(() => between[Symbol.asyncDispose]())
  return between
}

function keyOf(body: Buffer): { verb: unknown; containerId: string } {
  const { verb, cid } = decode(body) as Message
  return { verb, containerId: String(cid) }
}

const races = 1000
const lanes = 6
const rested = { cooldown: { seconds: 0, scarceSeconds: 0 } }

/**
 * The DEL starts when the ADD's request is seen on the line, so it certainly began later; the request
 * and the answer of the ADD are then held up for a while, so that every order at the daemon occurs.
 */
conformance(
  'case 37: a DEL that races an ADD wins',
  { ...watched, pools: [fifty], config: rested },
  async (w, t) => {
    const chance = new Chance(seed, 'races')
    const between = await middleman(w)
    const seen = new Map<string, () => void>()
    const pause = async (body: Buffer) => {
      if (chance.below(3) > 0) await sleep(chance.below(6))
      return body
    }
    between.hooks = {
      onRequest: body => {
        const { verb, containerId } = keyOf(body)
        if (verb === 'ADD') seen.get(containerId)?.()
        return pause(body)
      },
      onAnswer: pause
    }
    const orders = new Map<string, number>()
    const race = async () => {
      const pod = w.pod()
      const requested = new Promise<void>(resolve => seen.set(pod.containerId, resolve))
      const adding = w.exec('ADD', pod)
      await requested
      if (chance.below(4) > 0) await sleep(chance.below(8))
      const del = await w.exec('DEL', pod)
      const add = await adding
      const order = `ADD code ${codeOf(add)}, DEL code ${codeOf(del)}`
      orders.set(order, (orders.get(order) ?? 0) + 1)
      if (codeOf(del) !== 0) t.fail(`DEL: ${del.stdout.toString()}`)
      seen.delete(pod.containerId)
    }
    let left = races
    const lane = async () => {
      while ((left -= 1) >= 0) await race()
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    for (const [order, count] of orders) t.comment(`${count} x ${order}`)
    t.same(await w.held(), [], 'nothing is left of any of them')
    return 0
  }
)

const cooling = { cooldown: { seconds: 30, scarceSeconds: 30 } }
conformance('case 37: a DEL ends an ADD that waits', { config: cooling }, async (w, t) => {
  const pods = Array.from({ length: 5 }, () => w.pod())
  for (const pod of pods) await w.add(pod)
  const [first] = pods
  if (first === undefined) throw new Error('there are five')
  await w.del(first)
  const waiting = w.pod()
  let ended = false
  const adding = w.exec('ADD', waiting).finally(() => (ended = true))
  // It waits for the only address, which cools down longer than this case lasts.
  await sleep(300)
  t.notOk(ended, 'the ADD waits')
  await w.del(waiting)
  const add = await adding
  t.ok(add.ms < 15_000, `ended after ${add.ms.toFixed(0)} ms`)
  t.ok(codeOf(add), 'the ADD says that it came to nothing')
  return 4
})

const reaped = { reconcile: { everySeconds: 0.2, graceSeconds: 0 }, ...rested }
conformance('case 38: a killed plugin leaves nothing behind', { config: reaped }, async (w, t) => {
  const chance = new Chance(seed, 'races')
  for (let i = 0; i < 20; i += 1) {
    const pod = w.pod()
    const kill = new AbortController()
    const adding = w.exec('ADD', pod, { signal: kill.signal })
    await pauseMicroseconds(chance.below(6000))
    kill.abort()
    await adding
    // It may have been killed after its work was done: then DEL, or a GC, is the runtime's to send.
    if (i % 2 === 0) {
      await w.del(pod)
      t.same(await w.addressesHeld(pod), [], 'after DEL')
      continue
    }
    const more = { 'cni.dev/valid-attachments': [] }
    const stdin = w.stdin({ cniVersion: '1.1.0' }, { more })
    await eventually('after GC', async () => {
      await w.exec('GC', nobody, { stdin })
      return (await w.held()).length === 0
    })
  }
  return 0
})

/** Timers know milliseconds only, and the whole of an ADD takes about three of them. */
async function pauseMicroseconds(microseconds: number): Promise<void> {
  const end = performance.now() + microseconds / 1000
  while (performance.now() < end) await new Promise(resolve => setImmediate(resolve))
}

/** Lets requests through and holds every answer until it is told to go on. */
function holdAnswers(between: Middleman): { reached: Promise<void>; release: () => void } {
  const reached = Promise.withResolvers<void>()
  const onward = Promise.withResolvers<void>()
  between.hooks = {
    onAnswer: async body => {
      reached.resolve()
      await onward.promise
      return body
    }
  }
  const release = () => {
    between.hooks = {}
    onward.resolve()
  }
  return { reached: reached.promise, release }
}

/** The plugin as the child of a process that can be killed without it, as a main plugin is. */
function delegated(w: World, pod: Attachment): ChildProcess {
  const env = w.runtime.environment('ADD', pod)
  const parent = spawn('/bin/sh', ['-c', '"$0"; exit $?', plugin], { env, stdio: 'pipe' })
  parent.stdin.end(w.stdin())
  return parent
}

conformance('case 38: a plugin without its parent gives back', watched, async (w, t) => {
  const between = await middleman(w)
  for (let i = 0; i < 5; i += 1) {
    const { reached, release } = holdAnswers(between)
    const parent = delegated(w, w.pod())
    await reached
    t.equal((await w.held()).length, 1, 'the daemon has made its promise')
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    release()
    // Its stdout is still open and read: only the missing parent tells that nobody listens.
    await eventually('nothing is left', async () => (await w.held()).length === 0)
  }
  return 0
})

conformance('case 38: a plugin whose reader is gone gives back', watched, async (w, t) => {
  const between = await middleman(w)
  for (let i = 0; i < 5; i += 1) {
    const { reached, release } = holdAnswers(between)
    const onStart = (child: ChildProcess) => child.stdout?.destroy()
    const adding = w.exec('ADD', w.pod(), { onStart })
    await reached
    release()
    const { code, killedBy } = await adding
    t.ok(code !== 0 && killedBy === null, `status ${code ?? killedBy}`)
    await eventually('nothing is left', async () => (await w.held()).length === 0)
  }
  // That nobody has read what it said is this case's own doing.
  w.faults.length = 0
  return 0
})

conformance('case 41: a promise survives the death of the daemon', watched, async (w, t) => {
  const between = await middleman(w)
  for (let i = 0; i < 3; i += 1) {
    const { reached, release } = holdAnswers(between)
    const pod = w.pod()
    const adding = w.exec('ADD', pod)
    await reached
    const promised = await w.addressesHeld(pod)
    t.equal(promised.length, 1)
    await w.daemon.kill()
    release()
    await w.restart()
    // The plugin has seen its connection end and asks again by itself.
    t.same([addressIn((await adding).stdout)], promised)
    t.same(await w.add(pod), promised)
  }
  return 3
})

const roomy = { pools: [fifty] }
conformance('case 41: the daemon is killed at any moment of an ADD', roomy, async (w, t) => {
  const chance = new Chance(seed, 'races')
  const rounds = 12
  const told = new Map<Attachment, string>()
  for (let i = 0; i < rounds; i += 1) {
    const pod = w.pod()
    const adding = w.exec('ADD', pod)
    await pauseMicroseconds(chance.below(6000))
    await w.daemon.kill()
    await w.restart()
    const add = await adding
    t.equal(codeOf(add), 0, add.stdout.toString())
    told.set(pod, addressIn(add.stdout))
    for (const [each, address] of told) t.same(await w.add(each), [address])
  }
  t.equal(new Set(told.values()).size, rounds)
  return rounds
})

t.setTimeout(300_000)
