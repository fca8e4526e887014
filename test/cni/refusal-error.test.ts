// Every refusal has its code and a sentence that says what, where and what to do; docs/errors.md knows all codes.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cniCodes } from '../../src/cni/cni-error.ts'
import { refusalError } from '../../src/cni/refusal-error.ts'
import type { Refusal } from '../../src/core/refusal.ts'
import { ip } from '../support/samples.ts'

const full = { pool: 'blue', total: 5n, used: 5n, cooling: 0n, free: 0n }
const cooling = { pool: 'red', total: 5n, used: 3n, cooling: 2n, free: 0n }

const rows: readonly { refusal: Refusal; code: number; says: RegExp; details?: string }[] = [
  {
    refusal: { reason: 'PoolExhausted', pools: [full] },
    code: 110,
    says: /^pool "blue" is full on n1; add addresses to the pool or remove pods$/,
    details: 'blue: 5 of 5 used'
  },
  {
    refusal: { reason: 'PoolExhausted', pools: [] },
    code: 110,
    says: /^no pool has a free address on n1; add/
  },
  {
    refusal: { reason: 'AddressesCooling', pools: [full, cooling], readyInMs: 1_200 },
    code: 11,
    says: /^pools "blue", "red" are full on n1; some addresses were released a moment ago/,
    details: 'blue: 5 of 5 used; red: 3 of 5 used, 2 cooling; next one in 2 s at the latest'
  },
  {
    refusal: { reason: 'AddressTaken', address: ip('10.9.0.5'), holder: 'net1/c1/eth0' },
    code: 101,
    says: /10\.9\.0\.5 is used by net1\/c1\/eth0, seen from n1/
  },
  {
    refusal: {
      ...{ reason: 'AddressTaken', address: ip('10.9.0.5'), holder: 'StatefulSet/shop/web-0/eth0' },
      isKept: true
    },
    code: 101,
    says: /10\.9\.0\.5 is kept for StatefulSet\/shop\/web-0\/eth0, seen from n1; .*ask for another/
  },
  {
    refusal: {
      ...{ reason: 'AddressTaken', address: ip('10.9.0.5'), holder: 'net1/c1/eth0' },
      earlier: 'Ending'
    },
    code: 101,
    says: /10\.9\.0\.5, which this pod keeps, is still used by net1\/c1\/eth0.*will try again/
  },
  {
    refusal: {
      ...{ reason: 'AddressTaken', address: ip('10.9.0.5'), holder: 'net1/c1/eth0 on node n2' },
      earlier: 'Moving'
    },
    code: 101,
    says: /10\.9\.0\.5, which this machine keeps, is used by net1\/c1\/eth0 on node n2.*stop the machine and start it again/
  },
  {
    refusal: { reason: 'ReservationFull', name: 'auto4-web-eth0-1a2b3', size: 3 },
    code: 110,
    says: /all 3 addresses.*auto4-web-eth0-1a2b3.*ippool-ip-number/
  },
  {
    refusal: { reason: 'AddressOutsidePools', address: ip('fd00::9'), pools: ['a', 'b'] },
    code: 102,
    says: /fd00::9 is not offered by pools "a", "b"/
  },
  {
    refusal: { reason: 'PoolUnknown', pool: 'x', known: ['a'] },
    code: 102,
    says: /"x" does not exist on n1; known are a; correct the network configuration or add the pool$/
  },
  {
    refusal: { reason: 'NoPoolFits', why: ['pool a is disabled'] },
    code: 102,
    says: /n1 fits: pool a is disabled; correct the network configuration or add the pool$/
  },
  { refusal: { reason: 'DemandChanged', had: 'a', wants: 'b' }, code: 7, says: /DEL it first/ },
  { refusal: { reason: 'Deleted' }, code: 11, says: /add it anew/ },
  { refusal: { reason: 'TooOld' }, code: 11, says: /add it anew/ },
  { refusal: { reason: 'Overloaded' }, code: 11, says: /try again/ },
  { refusal: { reason: 'StoreFull', detail: '' }, code: 5, says: /disk.*n1 is full.*free space/ },
  { refusal: { reason: 'StoreFailed', detail: 'EIO' }, code: 5, says: /log of orbweaverd/ }
]

t.test('every refusal says what, where and what to do', async t => {
  for (const { refusal, code, says, details } of rows) {
    const error = refusalError(refusal, 'n1')
    t.equal(error.code, code, refusal.reason)
    t.match(error.message, says)
    if (details !== undefined) t.equal(error.details, details)
    t.notMatch(error.toJson(), /not found|no such file or directory/i)
    t.notMatch(error.message, /\d+ (s|of|cooling)\b/, 'stable text: kubelet groups events by it')
  }
})

t.test('docs/errors.md knows every code, and no other', async t => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8')
  const documented = [...page.matchAll(/^\| (\d+) \|/gm)].map(match => Number(match[1]))
  t.same(
    documented.sort((a, b) => a - b),
    Object.values(cniCodes).sort((a, b) => a - b)
  )
})
