// The prober with its thread and the one in memory keep the same promises.

import t from 'tap'
import { familyOf, formatAddress } from '../../src/core/address.ts'
import { parseMac } from '../../src/core/link/mac.ts'
import { createLinkProber } from '../../src/link/link-prober.ts'
import { linkProberContract } from '../contracts/link-prober.contract.ts'
import { keptLog, LinkLan } from '../support/link-lan.ts'
import { ScriptedLink } from '../support/link-script.ts'
import { requireRoot } from '../support/privilege.ts'

t.test('in memory', async t => {
  const prober = new ScriptedLink()
  const mac = parseMac('02:00:00:00:00:02')
  await linkProberContract(t, {
    ...{ prober, place: { netns: '/run/netns/nowhere', ifname: 'eth0' } },
    settle: address => {
      if (mac === undefined) throw new Error('the sample is one')
      prober.squat(address, mac)
      prober.route(address, mac)
      return Promise.resolve(mac)
    }
  })
})

t.test('on a link', async t => {
  if (!requireRoot(t, 'asking links who has an address')) return
  await using lan = await LinkLan.make()
  await linkProberContract(t, {
    ...{ prober: createLinkProber({ log: keptLog() }), place: lan.place },
    settle: address => lan.settle(`${formatAddress(address)}/${familyOf(address) === 4 ? 16 : 64}`)
  })
})
