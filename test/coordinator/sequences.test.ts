// A hundred times pods are coordinated as chance has it: ADD, again ADD, CHECK, damage by somebody else, DEL in all its
// forms, a daemon that stops or is killed in between. After the last DEL of each the host is as it was, byte for byte.

import t from 'tap'
import { ChainedPod, type PluginError } from '../support/chained-pod.ts'
import { mainPlugins, plugin } from '../support/ipam.ts'
import type { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { repeatedBy, runsFactor, seed } from '../support/seed.ts'
import { dumpOf, NodeDaemon, Underlay } from '../support/underlay.ts'

const sequences = Math.ceil(100 * runsFactor)
/** So many sequences have the same pods, whose main plugins run once; then their namespaces go. */
const perPods = 10
const stepsMax = 5

/** Each is what somebody else might do. */
const damages: readonly ((pod: Subject, node: Netns) => Promise<unknown>)[] = [
  ({ veth }, node) => node.ip('link', 'del', veth),
  ({ veth }, node) => node.ip('link', 'set', veth, 'down'),
  ({ veth }, node) => node.ip('neigh', 'flush', 'nud', 'permanent', 'dev', veth),
  (_pod, node) => node.ip('route', 'flush', 'table', '500'),
  (_pod, node) => node.ip('rule', 'del', 'pref', '1000'),
  ({ pod }) => pod.netns.ip('rule', 'del', 'pref', '1000'),
  ({ pod }) => pod.netns.ip('route', 'flush', 'table', '100'),
  ({ pod }) => pod.netns.exec('nft', 'flush', 'table', 'inet', 'orbweaver')
]

interface Subject {
  readonly pod: ChainedPod
  readonly ifnames: readonly string[]
  readonly veth: string
}

const what = 'random sequences of a coordinator'
const programs = ['ip', 'nft', 'sysctl', plugin, ...mainPlugins('macvlan')]
if (requireRoot(t, what) && requirePrograms(t, what, programs)) await suite()

async function suite(): Promise<void> {
  const underlay = await Underlay.make(1)
  const node = underlay.node(0)
  const host = await NodeDaemon.start(node, 1)
  t.teardown(async () => {
    await host[Symbol.asyncDispose]()
    await underlay[Symbol.asyncDispose]()
  })
  const chance = chanceFrom(seed)
  const counts = new Map<string, number>()
  const count = (step: string) => counts.set(step, (counts.get(step) ?? 0) + 1)

  t.test(`the host is as it was (${repeatedBy})`, async t => {
    const before = await dumpOf(node)
    for (let done = 0; done < sequences; done += perPods) {
      const subjects = await Promise.all([subject(host, 1), subject(host, 2)])
      for (let i = 0; i < perPods && done + i < sequences; i += 1) {
        const living = chance(2) === 0 ? subjects : [subjects[chance(2)] as Subject]
        const isLast = i === perPods - 1 || done + i === sequences - 1
        const steps = await sequence(isLast ? subjects : living, isLast)
        const after = await dumpOf(node)
        if (after !== before) {
          t.equal(after, before, `sequence ${done + i}: ${steps.join(', ')}`)
          return
        }
      }
    }
    t.comment([...counts].map(([step, times]) => `${step} ${times}`).join(', '))
    for (const step of ['again', 'check', 'damage', 'restart', 'bare', 'queued', 'gone']) {
      t.ok((counts.get(step) ?? 0) > 0, step)
    }
  })

  /** `isLast`: their namespaces go before their DELs. */
  async function sequence(subjects: readonly Subject[], isLast: boolean): Promise<string[]> {
    const steps: string[] = []
    let isDamaged = false
    const note = (step: string) => {
      steps.push(step)
      count(step)
    }
    // Interfaces of a pod come one after the other, pods do not wait for one another.
    const all = (act: (pod: ChainedPod, ifname: string) => Promise<unknown>) =>
      Promise.all(
        subjects.map(async ({ pod, ifnames }) => {
          for (const ifname of ifnames) await act(pod, ifname)
        })
      )
    await all((pod, ifname) => pod.coordinate(ifname))
    for (let i = chance(stepsMax); i > 0; i -= 1) {
      const one = chance(64)
      if (one < 20) {
        note('again')
        await all((pod, ifname) => pod.coordinate(ifname))
        isDamaged = false
      } else if (one < 40) {
        note('check')
        const said: (PluginError | undefined)[] = []
        await all((pod, ifname) =>
          pod.check(ifname).then(
            () => said.push(undefined),
            error => said.push(error as PluginError)
          )
        )
        const isSeen = said.some(error => error !== undefined)
        if (isSeen !== isDamaged)
          throw new Error(`${steps.join(', ')}: CHECK says ${said.join('; ')}`)
      } else if (one < 63) {
        const damage = chance(damages.length)
        note('damage')
        steps.push(String(damage))
        await Promise.allSettled(subjects.map(async one => damages[damage]?.(one, node)))
        isDamaged = true
      } else {
        note('restart')
        await host.restart(chance(2) === 0 ? 'stop' : 'kill')
      }
    }
    await end(subjects, isLast, note)
    return steps
  }

  async function end(
    subjects: readonly Subject[],
    isLast: boolean,
    note: (step: string) => void
  ): Promise<void> {
    if (isLast) {
      note('gone')
      await Promise.all(subjects.map(({ pod }) => pod.netns.remove()))
    }
    const isQueued = chance(40) === 0
    if (isQueued) {
      note('queued')
      await host.daemon.kill()
    }
    const ends = subjects.map(({ pod, ifnames }) => {
      const order = chance(2) === 0 ? ifnames : ifnames.toReversed()
      return { pod, order: order.map(ifname => ({ ifname, how: chance(4) })) }
    })
    await Promise.all(
      ends.map(async ({ pod, order }) => {
        for (const { ifname, how } of order) {
          note(['usual', 'bare', 'twice', 'nowhere'][how] ?? '')
          const manner = how === 1 ? { isBare: true } : how === 3 ? { netns: '', isBare: true } : {}
          await pod.uncoordinate(ifname, manner)
          if (how === 2) await pod.uncoordinate(ifname)
        }
      })
    )
    if (isQueued) await host.restart('kill')
    if (isLast) await Promise.all(subjects.map(({ pod }) => pod[Symbol.asyncDispose]()))
  }
}

async function subject(host: NodeDaemon, interfaces: 1 | 2): Promise<Subject> {
  const all = [
    { ifname: 'eth0', network: 0, coordinator: {} },
    { ifname: 'net1', network: 1, coordinator: {} }
  ].slice(0, interfaces)
  const pod = await ChainedPod.add(host, all)
  const ifnames = all.map(({ ifname }) => ifname)
  for (const ifname of ifnames) await pod.uncoordinate(ifname)
  return { pod, ifnames, veth: `veth${pod.containerId.slice(0, 11)}` }
}

/** Whole numbers below what is asked, the same for the same beginning (mulberry32). */
function chanceFrom(start: number): (below: number) => number {
  let state = start
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) % below
  }
}
