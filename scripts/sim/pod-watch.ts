// What is expected of answers to pods: the same one again, none after the end, and some answer in time.

import { keyText } from '../../src/core/attachment.ts'
import { Violation } from './judge.ts'
import type { Box, PodObserver } from './pods.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

export function podObserver(world: World): PodObserver {
  const { coverage } = world
  return {
    onAsked: (node, box) => {
      coverage.count('ADDs')
      world.note(`${node.name} ADD ${box.key.containerId}`)
    },
    onAnswered: (node, box, answer, isAgain) => {
      const what = answer.type === 'Refused' ? answer.refusal.reason : 'address'
      world.note(`${node.name} answers ${box.key.containerId}: ${what}`)
      if (isAgain) return judgeRepeat(world, node, box, answer)
      coverage.count(answer.type === 'Refused' ? `refused: ${what}` : 'pods')
      if (what === 'PoolExhausted') coverage.count('full')
    },
    onUnanswered: (node, box) => {
      if (node.slowness > 1) return
      world.fail(new Violation('V11', `${keyText(box.key)} on ${node.name} was never answered`))
    },
    onOver: (node, box) => {
      for (const address of box.addresses) {
        world.history.note(address, `${node.name}: the link of ${box.key.containerId} is gone`)
      }
      world.judge.onOver(box)
    },
    onReleasing: (node, box, what) => {
      coverage.count({ first: 'DELs', again: 'doubled DELs', late: 'late DELs' }[what])
      world.note(`${node.name} DEL ${box.key.containerId}`)
    }
  }
}

/** S12. */
function judgeRepeat(
  world: World,
  node: SimNode,
  box: Box,
  answer: Parameters<PodObserver['onAnswered']>[2]
): void {
  if (answer.type === 'Refused') {
    world.coverage.count(
      answer.refusal.reason === 'Deleted' ? 'refused late ADDs' : 'refused repeats'
    )
    return
  }
  const name = keyText(box.key)
  const isSameBoot = box.sandbox.began.boot === node.boot
  const remembers = node.disk.fallbacks === 0 && node.lostDisks === 0
  if (box.isDeletedDurably && isSameBoot && remembers) {
    return world.fail(new Violation('S12', `${name} got an address after its DEL`))
  }
  if (box.phase !== 'living') return
  const addresses = answer.attachment.assignments.map(({ address }) => address)
  if (addresses.join() === box.addresses.join()) return world.coverage.count('repeated answers')
  world.fail(new Violation('S12', `${name} got another address than before`))
}
