// Anything may happen in any order: ADD, DEL and GC of a few pods over a smaller pool, plugins killed,
// daemons killed and stopped. After every step no two living attachments were told one address; at the
// end nothing is left. ORBWEAVER_RUNS=30 takes some minutes, more than tap gives a file:
// node test/conformance/interleaving.test.ts

import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Chance } from '../../scripts/sim/chance.ts'
import { eventually } from '../support/command.ts'
import { repeatedBy, runsFactor, seed } from '../support/seed.ts'
import { Judge } from './interleaving-judge.ts'
import { fiveIpv4, fiveIpv6 } from './pools.ts'
import { plainAddresses } from './result.ts'
import type { Attachment } from './runtime.ts'
import { codeOf, errorOf } from './verdict.ts'
import { nobody, World } from './world.ts'

const steps = Math.ceil(300 * runsFactor)
/** More pods than addresses, so that the pools are often exhausted, and one of them before the other. */
const podCount = 9
const fourIpv6 = { ...fiveIpv6, ips: ['fd09::2-fd09::5'] }
const families = 2
/** Verbs under way at once. */
const inFlightMax = 4
/** A look at the daemon's own books, for which it must be up and at rest. */
const auditEvery = 25
/** Of a step, on a slow machine with other work to do. */
const stepMsMax = 2000

/** Codes with which an ADD may be refused here: exhausted, only cooling ones, deleted meanwhile. */
const refusals = [11, 110]

class Run {
  readonly #w: World
  readonly #chance: Chance
  readonly judge = new Judge(families)
  readonly counts = new Map<string, number>()
  readonly #pods: readonly Attachment[]
  /** By key: the one verb of it that is under way. */
  readonly #busy = new Map<string, Promise<void>>()
  readonly #kills = new Set<AbortController>()
  #gc: Promise<void> | undefined
  #restart: Promise<void> | undefined

  constructor(w: World, chance: Chance) {
    this.#w = w
    this.#chance = chance
    this.#pods = Array.from({ length: podCount }, () => w.pod())
  }

  async step(): Promise<void> {
    const dice = this.#chance.below(1000)
    if (dice < 30) this.#changeDaemon()
    else if (dice < 75) this.#collect()
    else if (dice < 180) this.#killOne()
    // Without a daemon an ADD only waits; what a DEL does then is worth more of the time.
    else this.#verb(dice < (this.#restart === undefined ? 640 : 300) ? 'ADD' : 'DEL')
    while (this.#busy.size >= inFlightMax) await Promise.race(this.#busy.values())
    if (this.#chance.below(3) === 0) await sleep(this.#chance.below(4))
  }

  #verb(verb: 'ADD' | 'DEL'): void {
    const idle = this.#pods.filter(pod => !this.#busy.has(keyOf(pod)))
    if (idle.length === 0) return
    const pod = this.#chance.pick(idle)
    const key = keyOf(pod)
    const kill = new AbortController()
    this.#kills.add(kill)
    const work = (verb === 'ADD' ? this.#add(pod, kill) : this.#del(pod, kill)).finally(() => {
      this.#busy.delete(key)
      this.#kills.delete(kill)
    })
    this.#busy.set(key, work)
  }

  async #add(pod: Attachment, kill: AbortController): Promise<void> {
    this.judge.asks(keyOf(pod))
    const add = await this.#w.exec('ADD', pod, { signal: kill.signal })
    if (add.code === 0) {
      this.#count('ADD')
      const result = JSON.parse(add.stdout.toString())
      this.judge.told(keyOf(pod), plainAddresses(result))
    } else if (add.killedBy !== null) {
      // It may have an address or not; one that it was told before, it still has.
      this.#count('ADD killed')
    } else {
      this.#count(`ADD code ${codeOf(add)}`)
      if (!refusals.includes(codeOf(add) ?? -1)) this.judge.fault(`ADD: ${add.stdout.toString()}`)
      if (this.judge.live.has(keyOf(pod)) && codeOf(add) === 110) {
        this.judge.fault(`${keyOf(pod)} has an address and was refused one`)
      }
    }
  }

  async #del(pod: Attachment, kill: AbortController): Promise<void> {
    this.judge.givesBack(keyOf(pod))
    const del = await this.#w.exec('DEL', pod, { signal: kill.signal })
    this.#count(del.killedBy === null ? 'DEL' : 'DEL killed')
    if (del.code === 0) this.judge.released(keyOf(pod))
    else if (del.killedBy === null) this.judge.fault(`DEL: ${errorOf(del.stdout)?.msg}`)
  }

  /** GC that keeps everything but one pod that rests; a pod with a verb under way counts as valid. */
  #collect(): void {
    if (this.#gc !== undefined) return
    const resting = this.#pods.filter(pod => !this.#busy.has(keyOf(pod)))
    const victim = resting.length === 0 ? undefined : this.#chance.pick(resting)
    const valid = this.#pods
      .filter(pod => pod !== victim)
      .map(({ containerId, ifname }) => ({ containerID: containerId, ifname }))
    const more = { 'cni.dev/valid-attachments': valid }
    const stdin = this.#w.stdin({ cniVersion: '1.1.0' }, { more })
    const work = async () => {
      const gc = await this.#w.exec('GC', nobody, { stdin })
      this.#count(`GC code ${codeOf(gc)}`)
      if (gc.code !== 0) this.judge.fault(`GC: ${gc.stdout.toString()}`)
    }
    if (victim !== undefined) this.judge.givesBack(keyOf(victim))
    const key = victim === undefined ? 'nobody' : keyOf(victim)
    // The runtime keeps ADD and DEL of the victim away meanwhile.
    this.#gc = work().finally(() => {
      this.#busy.delete(key)
      this.#gc = undefined
    })
    this.#busy.set(key, this.#gc)
  }

  #killOne(): void {
    if (this.#kills.size > 0) this.#chance.pick([...this.#kills]).abort()
  }

  /** One daemon ends, quickly or with decency, and the next one begins. */
  #changeDaemon(): void {
    if (this.#restart !== undefined) return
    const decently = this.#chance.below(2) === 0
    const pauseMs = this.#chance.below(3) === 0 ? this.#chance.below(100) : 0
    const work = async () => {
      if (decently) {
        const code = await this.#w.daemon.stop()
        if (code !== 0)
          this.judge.fault(`SIGTERM: the daemon ends with ${code}\n${this.#w.daemon.log()}`)
      } else await this.#w.daemon.kill()
      await sleep(pauseMs)
      await this.#w.restart()
      this.#count(decently ? 'SIGTERM' : 'SIGKILL')
    }
    this.#restart = work().finally(() => (this.#restart = undefined))
  }

  /** Wait for all that is under way. */
  async rest(): Promise<void> {
    await this.#restart
    await Promise.all(this.#busy.values())
    await this.#restart
    if (this.#w.daemon.process.exitCode !== null) {
      this.judge.fault(`the daemon has ended by itself\n${this.#w.daemon.log()}`)
    }
  }

  /** At rest, and with its queue drained, the daemon has what was told. */
  async audit(): Promise<void> {
    await this.rest()
    await eventually('the queue is drained', () => queued(this.#w) === 0)
    const held = (await this.#w.held()).map(
      ({ containerId, ifname, addresses }) =>
        [keyOf({ containerId, ifname }), addresses.map(({ address }) => address)] as const
    )
    this.judge.compare(new Map(held))
  }

  async deleteAll(): Promise<void> {
    await this.rest()
    for (const pod of this.#pods) await this.#del(pod, new AbortController())
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }
}

function keyOf({ containerId, ifname }: Pick<Attachment, 'containerId' | 'ifname'>): string {
  return `${containerId}/${ifname}`
}

function queued(w: World): number {
  if (!existsSync(w.daemon.queue)) return 0
  return readdirSync(w.daemon.queue).filter(name => name.endsWith('.del')).length
}

t.test(`${steps} steps of chance`, { timeout: 60_000 + steps * stepMsMax }, async t => {
  t.comment(repeatedBy)
  const w = await World.open({
    pools: [fiveIpv4, fourIpv6],
    config: { cooldown: { seconds: 0.02, scarceSeconds: 0.005 } },
    ipam: { connect_timeout_seconds: 20, answer_timeout_seconds: 25 }
  })
  t.teardown(() => w.close())
  const run = new Run(w, new Chance(seed, 'interleaving'))
  for (let i = 1; i <= steps && run.judge.faults.length === 0; i += 1) {
    await run.step()
    if (i % auditEvery === 0) await run.audit()
  }
  await run.audit()
  const counts = [...run.counts].map(([what, count]) => `${count} x ${what}`)
  t.comment(counts.toSorted().join(', '))
  t.same(run.judge.faults, [], repeatedBy)
  await run.deleteAll()
  await eventually('nothing is left', async () => (await w.held()).length === 0)
  await w.checkAlways(t, 0)
  if (!t.passing()) t.comment(w.daemon.log())
})

t.setTimeout(120_000 + steps * stepMsMax)
