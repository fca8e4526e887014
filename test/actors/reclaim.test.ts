// Pods that are over by what is told of them, though no DEL came: released only when their namespaces stand empty.

import t from 'tap'
import type { Census } from '../../src/core/sandbox.ts'
import { MemoryFacts } from '../support/memory-facts.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'

const blue = poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'])
const pod = { namespace: 'shop', name: 'web-0', uid: 'u-0' }

type Namespace = Census['namespaces'][number]

/** A house with one pod, whose namespace is as `inside` says. */
async function opened(inside: Partial<Namespace> = {}, isComplete = true) {
  const house = new TestHouse([blue])
  const facts = new MemoryFacts()
  house.facts = facts
  const empty: Namespace = { id: '4:/run/netns/c1', isLived: false, addresses: [] }
  house.namespaces.census = () =>
    Promise.resolve({ namespaces: [{ ...empty, ...inside }], isComplete })
  await house.open()
  facts.tellPod(pod)
  await house.add(key('c1'), { pod })
  await house.pass(20_000)
  return { house, facts }
}

t.test('a pod that is told of no more, and left nothing in its namespace', async t => {
  const { house, facts } = await opened()
  facts.forgetPod(pod)
  await house.pass(55_000)
  t.equal(house.stored().length, 1, 'for the grace it is only said to be over')
  await house.pass(30_000)
  t.same(house.stored(), [])
  t.ok(house.log.some(({ fields }) => /namespace empty/.test(String(fields['why']))))
})

t.test('a pod that has run to its end', async t => {
  const { house, facts } = await opened()
  facts.endPod(pod)
  await house.pass(90_000)
  t.same(house.stored(), [])
})

t.test('the address stays while anything may have it', async t => {
  const rows: [string, Partial<Namespace>, boolean][] = [
    ['a link', { addresses: [ip('10.9.0.2')] }, true],
    ['a link that was moved', { id: '4:other', addresses: [ip('10.9.0.2')] }, true],
    ['a process', { isLived: true }, true],
    ['a namespace that is not where it was', { id: '4:other' }, true],
    ['what could not be seen', {}, false]
  ]
  for (const [what, inside, isComplete] of rows) {
    const { house, facts } = await opened(inside, isComplete)
    facts.endPod(pod)
    await house.pass(200_000)
    t.equal(house.stored().length, 1, what)
  }
})

t.test('nothing is concluded from silence', async t => {
  const { house, facts } = await opened()
  facts.isPartial = true
  await house.pass(200_000)
  t.equal(house.stored().length, 1, 'a part cannot be read')
  facts.isPartial = false
  facts.forgetPod(pod)
  await house.pass(50_000)
  facts.tellPod(pod)
  await house.pass(20_000)
  facts.forgetPod(pod)
  await house.pass(50_000)
  t.equal(house.stored().length, 1, 'it was told of in between')
  await house.restart()
  await house.pass(200_000)
  t.equal(house.stored().length, 1, 'it was never told of to this process')
})

t.test('another pod under the name proves nothing about one that was never told of', async t => {
  const house = new TestHouse([blue])
  const facts = new MemoryFacts()
  house.facts = facts
  house.namespaces.census = () =>
    Promise.resolve({
      namespaces: [{ id: '4:/run/netns/c1', isLived: false, addresses: [] }],
      isComplete: true
    })
  await house.open()
  facts.tellPod({ ...pod, uid: 'u-earlier' })
  await house.add(key('c1'), { pod })
  await house.pass(200_000)
  t.equal(house.stored().length, 1, 'files may lag behind')
  facts.tellPod(pod)
  await house.pass(20_000)
  facts.tellPod({ ...pod, uid: 'u-later' })
  await house.pass(90_000)
  t.same(house.stored(), [])
})
