// The scripts of the transcripts: what a person does and what fails, in order. What the nodes make of it is
// in the text files beside.

import type { Address } from '../../src/core/address.ts'
import type { Script, ScriptOptions } from './script.ts'

export interface Play {
  readonly name: string
  readonly options: ScriptOptions
  readonly act: (script: Script) => Promise<void>
}

/** Pods on a node, all with addresses before it goes on. */
async function pods(script: Script, node: number, count: number): Promise<number[]> {
  const { stage } = script
  const started = Array.from({ length: count }, () => stage.pod(node))
  await stage.until('the pods run', () => started.every(({ address }) => address() !== undefined))
  await stage.pass(1_000)
  return started.map(({ id }) => id)
}

export const plays: readonly Play[] = [
  {
    name: 'first-contact',
    options: { nodes: 2, shown: ['Hello', 'Welcome', 'Greeted'] },
    act: async script => {
      script.say('n0 keeps the registry and founds the cluster; n1 knows where n0 is')
      const { registry } = script.stage.world
      await script.stage.until('both are members', () => registry.view.members.size === 2)
      await script.stage.pass(1_000)
    }
  },
  {
    name: 'transfer',
    options: { nodes: 2, addresses: 12 },
    act: async script => {
      await script.formed(0)
      script.say('a pod on n1, which owns nothing')
      await pods(script, 1, 1)
      script.say('another pod on n1, which answers alone now')
      await pods(script, 1, 1)
    }
  },
  {
    name: 'lost-grant',
    options: { nodes: 2, addresses: 12 },
    act: async script => {
      await script.formed(0)
      script.say('a pod on n1; everything that n0 grants is lost, what both know is compared')
      script.lose((from, to, { type }) => from === 0 && to === 1 && type === 'Grant')
      const { address } = script.stage.pod(1)
      await script.stage.until('it has it all the same', () => address() !== undefined)
    }
  },
  {
    name: 'partition',
    options: { nodes: 2, addresses: 8 },
    act: async script => {
      const { stage } = script
      await script.formed()
      await script.silently(async () => {
        await pods(script, 1, 1)
        await stage.pass(8_000)
      })
      script.say('the cable between n0 and n1 is cut; each side goes on with what it has')
      stage.cut(0, 1)
      await stage.pass(2_000)
      await pods(script, 0, 1)
      await pods(script, 1, 1)
      script.say('more pods on n1 than it has addresses')
      const more = Array.from({ length: 4 }, () => stage.pod(1))
      await stage.pass(11_000)
      script.say('the cable is back')
      stage.cut(0, 1, false)
      const isDone = () => more.every(({ address }) => address() !== undefined)
      await stage.until('all pods run', isDone)
      await stage.until('both know the same', () => stage.sameRegisters(0, 1))
    }
  },
  {
    name: 'removal',
    options: { nodes: 3, addresses: 6 },
    act: async script => {
      const { stage } = script
      await script.formed()
      await script.silently(async () => {
        await pods(script, 1, 1)
        await stage.pass(15_000)
      })
      script.say(
        'the machine of n0, which owns most, goes off; a person vouches for it: n2 inherits'
      )
      stage.node(0).powerOff()
      await stage.pass(1_000)
      stage.remove(0, 2)
      const isClaimed = () =>
        [...stage.node(2).disk.registers.values()].every(({ owner }) => owner !== 1)
      await stage.until('n2 has taken over', isClaimed)
      await stage.pass(2_000)
    }
  },
  {
    name: 'rollback',
    options: { nodes: 3, addresses: 8, confirm: 'reachable' },
    act: async script => {
      const { stage } = script
      await script.formed()
      stage.backUp(0)
      script.say('n0 was copied; then it gives addresses to n1')
      await pods(script, 1, 1)
      script.say('n0 goes off, its disk falls back to the copy, and it is switched on again')
      await script.silently(async () => {
        stage.rollBack(0)
        await stage.pass(1_000)
      })
      const { incarnation } = stage.node(0).disk
      stage.node(0).powerOn()
      await stage.until(
        'it lives on as another',
        () => stage.node(0).disk.incarnation !== incarnation
      )
      await stage.until('it has joined', () => stage.hasReadAll(0) && stage.serves(0))
      await stage.pass(2_000)
    }
  },
  {
    name: 'named-transfer',
    options: { nodes: 2, addresses: 8 },
    act: async script => {
      const { stage } = script
      await script.formed()
      const addresses = stage.world.territories[0]?.addresses ?? []
      const fetch = async (address: Address | undefined, node: number) => {
        if (address === undefined) throw new Error('there are that many addresses')
        stage.node(node).system?.tellSubnets({ type: 'FetchAddress', address, replyTo: () => {} })
        await stage.pass(2_000)
      }
      script.say('somebody brings the first address, which is free, to n1')
      await fetch(addresses[0], 1)
      script.say('a pod takes it there; somebody wants it at n0')
      await script.silently(async () => {
        const used = () => stage.node(1).disk.store.load().attachments
        const isUsed = () =>
          used().some(({ assignments }) => assignments.some(one => one.address === addresses[0]))
        while (!isUsed()) await pods(script, 1, 1)
      })
      await fetch(addresses[0], 0)
    }
  },
  {
    name: 'drain',
    options: { nodes: 3, addresses: 6 },
    act: async script => {
      const { stage } = script
      await script.formed()
      const [pod = 0] = await pods(script, 0, 1)
      script.say('n0 is drained, with one pod left')
      stage.node(0).system?.tellSubnets({ type: 'DrainNode' })
      await stage.pass(4_000)
      script.say('its last pod ends, and its address cools down')
      stage.stop(pod)
      await stage.pass(20_000)
    }
  },
  {
    name: 'full-pool',
    options: { nodes: 2, addresses: 3 },
    act: async script => {
      const { stage } = script
      await script.formed()
      const [first = 0] = await pods(script, 0, 2)
      await pods(script, 1, 1)
      script.say('all three addresses are used; one more pod on n1')
      const { address } = stage.pod(1)
      await stage.pass(3_000)
      script.say('a pod of n0 ends')
      stage.stop(first)
      await stage.until('the pod of n1 has its address', () => address() !== undefined)
      await stage.pass(1_000)
    }
  }
]
