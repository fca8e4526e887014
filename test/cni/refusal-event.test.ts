// Which pools and addresses a refusal is about.

import t from 'tap'
import { refusalEvent } from '../../src/cni/refusal-event.ts'
import type { Refusal } from '../../src/core/refusal.ts'
import { ip, key } from '../support/samples.ts'

const usage = { pool: 'blue', total: 5n, used: 5n, cooling: 0n, free: 0n }
const address = ip('10.9.0.2')

t.test('each kind of refusal', async t => {
  const rows: [Refusal, readonly string[], readonly bigint[]][] = [
    [{ reason: 'PoolExhausted', pools: [usage, { ...usage, pool: 'red' }] }, ['blue', 'red'], []],
    [{ reason: 'AddressesCooling', pools: [usage], readyInMs: 5 }, ['blue'], []],
    [{ reason: 'AddressOutsidePools', address, pools: ['blue'] }, ['blue'], [address]],
    [{ reason: 'AddressTaken', address, holder: 'net1/c2/eth0' }, [], [address]],
    [{ reason: 'AddressConflict', addresses: [{ address, mac: '02::1' }] }, [], [address]],
    [{ reason: 'PoolUnknown', pool: 'green', known: [] }, [], []],
    [{ reason: 'Overloaded' }, [], []]
  ]
  for (const [refusal, pools, addresses] of rows) {
    const { reason } = refusal
    t.same(
      refusalEvent({ key: key('c1'), pod: {} }, refusal),
      { type: 'Refused', key: key('c1'), pod: {}, reason, pools, addresses },
      reason
    )
  }
  const trace = '4b'.repeat(16)
  t.match(refusalEvent({ key: key('c1'), pod: {}, trace }, { reason: 'TooOld' }), { trace })
})
