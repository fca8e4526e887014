// Addresses out of the kernel's lists: real shapes, other shapes, and this process's own namespace.

import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { type Address, addressToBytes, formatAddress } from '../../src/core/address.ts'
import { parseLocalAddresses } from '../../src/host/local-addresses.ts'
import * as fc from '../support/property.ts'

const texts = (list: string) => parseLocalAddresses(list).map(formatAddress).sort()

const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.6.0.0/16 2 0 2
        +-- 10.6.0.0/29 2 0 2
           |-- 10.6.0.0
              /16 link UNICAST
           |-- 10.6.0.5
              /32 host LOCAL
        |-- 10.6.255.255
           /32 link BROADCAST
     |-- 10.7.0.9
        /32 universe UNICAST
        /32 host LOCAL tos=4
     |-- 127.0.0.1
        /32 host LOCAL
`

t.test('IPv4: local routes of full length, and nothing else', async t => {
  t.same(texts(trie), ['10.6.0.5', '10.7.0.9'])
  t.same(texts(`${trie}${trie}`), ['10.6.0.5', '10.7.0.9'], 'both tables list the same')
  t.same(texts('              /32 host LOCAL\n'), [], 'a route without a key')
  t.same(texts('           |-- 10.6.0.999\n              /32 host LOCAL\n'), [], 'no address')
})

t.test('IPv6: global ones', async t => {
  const list = [
    'fe800000000000000000000000000001 02 40 20 80     eth0',
    'fd000006000000000000000000000005 02 40 00 82     eth0',
    '00000000000000000000000000000001 01 80 10 80       lo',
    'fec00000000000000000000000000009 02 40 40 80     eth0'
  ]
  t.same(texts(list.join('\n')), ['fd00:6::5', 'fec0::9'])
  t.same(texts('fd00000600000000000000000000000 02 40 00 82     eth0'), [], 'a digit is missing')
})

t.test('every address comes back, whatever stands between', async () => {
  const v4 = fc.integer({ min: 0x80000000, max: 0xdfffffff })
  const noise = fc.string().filter(text => !/[\n]/.test(text) && !/^ *\|--/.test(text))
  fc.assert(
    fc.property(fc.array(fc.tuple(v4, noise)), entries => {
      const wanted = new Set(
        entries.map(([n]) => `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`)
      )
      const lines = entries.flatMap(([n, other]) => {
        const text = `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`
        return [`  |-- ${text}`, other, '     /32 host LOCAL']
      })
      const found = new Set(texts(lines.join('\n')))
      return [...wanted].every(text => found.has(text))
    })
  )
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => texts(text).length >= 0))
})

t.test('the namespace of this process', async t => {
  const shown = Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
    .map(({ address }) => address)
  const lists = ['/proc/self/net/fib_trie', '/proc/self/net/if_inet6']
  const found = parseLocalAddresses(lists.map(path => readFileSync(path, 'utf8')).join('\n'))
  const isValid = (address: Address) => addressToBytes(address).length > 0
  t.ok(found.every(isValid))
  for (const address of shown) t.ok(found.map(formatAddress).includes(address), address)
})
