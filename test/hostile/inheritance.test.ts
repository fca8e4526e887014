// A node that takes over its own former addresses, from which its pods live, while a foe answers the round as
// if all of them had pods of the foe.

import t from 'tap'
import type { AddressRange } from '../../src/core/address-range.ts'
import { ip } from '../support/samples.ts'
import { until } from '../mesh/nodes.ts'
import { domain } from './honest-node.ts'
import { Scene } from './scene.ts'

const everything: AddressRange = { start: ip('10.9.0.0'), end: ip('10.9.0.255') + 1n }

t.test('what pods of the heir have it keeps', async t => {
  const { foe, target, third, free, registry } = await Scene.open(t)
  const { used } = target
  const wctr = (target.leases.marks.get(1) ?? 0) + 5
  const register = { ...free.register, seq: free.register.seq + 3, owner: foe.index, writer: 1 }
  foe.tell(target, [{ ...free, register: { ...register, wctr } }])
  await until(t, () => target.ended !== undefined, 'a lie that could be true ends the incarnation')
  const reborn = await target.reborn(t, {
    ...{ name: 'target', registry, peers: [third.address, foe.address] }
  })
  const claimed = () => {
    for (const { nonce } of foe.got(reborn, 'Collect')) {
      foe.say(reborn, { type: 'Collected', domain, nonce, runs: [], live: [everything] })
    }
    foe.greet(reborn)
    return used.every(address => (reborn.registerOf(address)?.fence ?? 0) > free.register.fence)
  }
  await until(t, claimed, 'it takes over what was its own')
  const me = registry.view.byIncarnation.get(reborn.incarnation)?.index
  for (const address of used) t.equal(reborn.registerOf(address)?.owner, me)
  t.same(reborn.used, used)
  t.equal(reborn.ended, undefined)
})
