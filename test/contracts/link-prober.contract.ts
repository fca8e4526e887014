// What every LinkProber promises. The link under test has nobody on it but the pod at `place`.

import type { Test } from 'tap'
import { type Address, parseAddress } from '../../src/core/address.ts'
import type { Mac } from '../../src/core/link/mac.ts'
import { usualPacing } from '../../src/core/link/volley.ts'
import type { LinkPlace, LinkProber, ProbeTarget } from '../../src/ports/link-prober.ts'

export interface LinkUnderTest {
  readonly prober: LinkProber
  readonly place: LinkPlace
  /** Another host takes this address; it may be a gateway as well. */
  readonly settle: (address: Address) => Promise<Mac>
}

function ip(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return address
}

const nobody = [ip('10.9.0.5'), ip('fd09::5')] as const
const taken = [ip('10.9.0.6'), ip('fd09::6')] as const
const gateways = [ip('10.9.0.1'), ip('fd09::1')] as const
const noGateways = [ip('10.9.0.2'), ip('fd09::2')] as const

export async function linkProberContract(t: Test, link: LinkUnderTest): Promise<void> {
  const { prober, place, settle } = link
  const ask = (targets: readonly ProbeTarget[], budgetMs = 5_000) =>
    prober.probe({ ...place, targets, pacing: usualPacing, budgetMs })
  const verdictsOf = async (targets: readonly ProbeTarget[]) => {
    const answer = await ask(targets)
    return answer.type === 'Probed' ? answer.verdicts : answer
  }

  await t.test('nobody is there', async t => {
    const targets = nobody.map(address => ({ address, conflict: true }))
    const free = nobody.map(address => ({ address, conflict: { type: 'Free' } }))
    t.same(await verdictsOf(targets), free)
    t.same(await verdictsOf([]), [], 'no question, no verdict')
  })

  await t.test('an address is taken', async t => {
    const mac = await settle(taken[0])
    await settle(taken[1])
    const expected = taken.map(address => ({
      ...{ address, conflict: { type: 'Conflict', mac, how: 'Reply' } }
    }))
    t.same(await verdictsOf(taken.map(address => ({ address, conflict: true }))), expected)
    const withGateway = taken.map((address, i) => ({
      ...{ address, conflict: true },
      gateway: noGateways[i] ?? address
    }))
    t.same(await verdictsOf(withGateway), expected, 'a conflict says nothing of the gateway')
    const onlyGateway = withGateway.map(target => ({ ...target, conflict: false }))
    t.same(await verdictsOf(onlyGateway), expected, 'it is noticed when the gateway is not there')
  })

  await t.test('gateways', async t => {
    const mac = await settle(gateways[0])
    await settle(gateways[1])
    for (const conflict of [true, false]) {
      const targets = nobody.flatMap((address, i) =>
        [gateways, noGateways].map(some => ({ address, conflict, gateway: some[i] ?? address }))
      )
      const found = conflict ? { conflict: { type: 'Free' } } : {}
      const expected = nobody.flatMap(address => [
        { address, ...found, gateway: { type: 'Reachable', mac } },
        { address, ...found, gateway: { type: 'Unreachable' } }
      ])
      t.same(await verdictsOf(targets), expected)
    }
  })

  await t.test('closed', async t => {
    const waiting = ask(nobody.map(address => ({ address, conflict: true })))
    await prober.close()
    const first = await waiting
    t.ok(first.type === 'Probed' || first.why === 'Closed', 'who waits is answered')
    await prober.close()
    t.match(await ask([]), { type: 'NotPossible', why: 'Closed' })
    await prober.announce({ ...place, addresses: [nobody[0]], times: 1, gapMs: 0 })
    t.pass('an announcement is in vain, and no failure')
  })
}
