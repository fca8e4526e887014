// Owners of several kinds compete for one pool, once in peace and once while the daemon is killed again and again.
// The model knows only what the plugin has printed.

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Chance } from '../../scripts/sim/chance.ts'
import { eventually } from '../support/command.ts'
import { seed } from '../support/seed.ts'
import { type KubeObject, numberedPool, withPods } from './kube.ts'
import { type Kubelet, type Pod, sandboxOf } from './kubelet.ts'
import { Stage } from './stage.ts'

const poolSize = 40
const pods = 6
const steps = 20
/** Two of a kind each; those of StatefulSets keep their addresses. */
const owners = ['StatefulSet', 'Deployment', 'DaemonSet', 'Job'].flatMap(kind =>
  ['a', 'b'].map(mark => ({ kind, name: `${kind.toLowerCase()}-${mark}`, replicas: pods }))
)
const facts: KubeObject[] = owners.flatMap(owner => withPods(owner, pods))

const stage = await Stage.open(t, {
  pools: [numberedPool('one', 60, 9 + poolSize)],
  facts,
  config: { cooldown: { seconds: 0.2, scarceSeconds: 0 } }
})

class Model {
  /** Who has an address, by the id of its sandbox. */
  readonly #holders = new Map<string, string>()
  /** What each pod of a StatefulSet has. */
  readonly #kept = new Map<string, string>()
  readonly faults: string[] = []
  served = 0

  told(pod: Pod, isKept: boolean, [address = '']: readonly string[]): void {
    const holder = this.#holders.get(address)
    if (holder !== undefined) this.faults.push(`${address} of ${holder} was given to ${pod.id}`)
    this.#holders.set(address, pod.id)
    this.served += 1
    if (!isKept) return
    const before = this.#kept.get(pod.name)
    if (before !== undefined && before !== address)
      this.faults.push(`${pod.name} had ${before} and has ${address}`)
    this.#kept.set(pod.name, address)
  }

  /** From here on the address may be anybody's. */
  ends(pod: Pod): void {
    for (const [address, id] of this.#holders) if (id === pod.id) this.#holders.delete(address)
  }
}

/** One owner scales, restarts and deletes its pods; what is left of them is deleted at the end. */
async function lives(
  owner: (typeof owners)[number],
  chance: Chance,
  model: Model,
  kubelet: Kubelet
): Promise<void> {
  const live = new Map<string, Pod>()
  const end = async (pod: Pod) => {
    live.delete(pod.name)
    model.ends(pod)
    await kubelet.del(pod)
  }
  for (let i = 0; i < steps; i += 1) {
    const name = `${owner.name}-${chance.below(pods)}`
    const running = live.get(name)
    if (running !== undefined) {
      await end(running)
      continue
    }
    const pod = sandboxOf(name)
    const answer = await kubelet.try(pod)
    if ('code' in answer) {
      // Whatever became of it, the runtime deletes what it could not start.
      await kubelet.del(pod)
      if (![11, 110].includes(answer.code)) model.faults.push(`${answer.code} ${answer.msg}`)
      continue
    }
    live.set(name, pod)
    model.told(pod, owner.kind === 'StatefulSet', answer.ips)
  }
  for (const pod of live.values()) await end(pod)
}

async function churn(t: Test, name: string, beside: () => Promise<void>): Promise<void> {
  const model = new Model()
  const kubelet = stage.using(['one'])
  const all = owners.map(owner =>
    lives(owner, new Chance(seed, `${name} ${owner.name}`), model, kubelet)
  )
  await Promise.all([...all, beside()])
  t.same(model.faults, [])
  t.ok(model.served > owners.length * 4, `${model.served} pods were served`)
  await eventually('nothing is left', async () => (await stage.allocated()).length === 0)
}

t.test(
  'G00011 G00012 #3751 #3817 #3771: owners of many kinds come, scale and go on one pool',
  async t => {
    await churn(t, 'peace', () => Promise.resolve())
    const { used, cooling, free } = await stage.usage('one')
    t.equal(
      Number(used) + Number(cooling) + Number(free),
      poolSize,
      'every address is accounted for'
    )
  }
)

t.test(
  'G00008 R00001 R00004 #1187 #2526: the same while every process is killed again and again',
  async t => {
    const chance = new Chance(seed, 'kills')
    await churn(t, 'kills', async () => {
      for (let i = 0; i < 3; i += 1) {
        await sleep(50 + chance.below(200))
        await stage.daemon.kill()
        await stage.start()
      }
    })
    await eventually('what was kept is all that is used', async () => {
      const { used, cooling } = await stage.usage('one')
      return cooling === 0 && Number(used) <= 2 * pods
    })
  }
)
