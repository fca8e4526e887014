// The address space as it is asked for: by subnet, by window, by how many cells.

import t from 'tap'
import { key, poolDocument } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from './admin-socket.ts'

t.test('a small subnet, address by address', async t => {
  const house = await new TestHouse([
    poolDocument('blue', '10.9.0.0/28', ['10.9.0.2-10.9.0.6', '10.9.0.9'], { gateway: '10.9.0.1' })
  ]).open()
  await house.add(key('c1'))
  await house.add(key('c2'))
  const { ask } = await openAdmin(t, house.house)
  t.match(await ask('/v1/map?subnet=10.9.0.0/28'), {
    status: 200,
    body: {
      ...{ subnet: '10.9.0.0/28', from: '10.9.0.0', to: '10.9.0.15', cell: 1 },
      labels: [
        { state: 'reserved', addresses: 3 },
        { state: 'used', node: 'node-1', addresses: 2 },
        { state: 'free', node: 'node-1', addresses: 4 },
        { state: 'outside', addresses: 7 }
      ],
      runs: [
        [2, 0],
        [2, 1],
        [3, 2],
        [2, 3],
        [1, 2],
        [5, 3],
        [1, 0]
      ]
    }
  })
  await house.del(key('c1'))
  const cooled = await ask('/v1/map?subnet=10.9.0.0/28&from=10.9.0.2&to=10.9.0.3')
  t.match(cooled.body, {
    ...{ from: '10.9.0.2', to: '10.9.0.3' },
    labels: [{ state: 'cooling' }, { state: 'used' }],
    runs: [
      [1, 0],
      [1, 1]
    ]
  })
})

t.test('a large one, block by block', async t => {
  const house = await new TestHouse([
    poolDocument('wide', 'fd00::/64', ['fd00::1-fd00::ffff:ffff:ffff:ffff'])
  ]).open()
  await house.add(key('c1'))
  const { ask } = await openAdmin(t, house.house)
  t.match((await ask('/v1/map?subnet=fd00::/64&cells=1024')).body, {
    cell: '18014398509481984',
    labels: [
      { state: 'reserved', addresses: 1 },
      { state: 'used', addresses: 1 },
      { state: 'free', addresses: '18446744073709551614' }
    ],
    runs: [
      [
        1,
        [
          [0, 1],
          [1, 1],
          [2, '18014398509481982']
        ]
      ],
      [1_023, 2]
    ]
  })
  t.match(
    (await ask('/v1/map?subnet=fd00::/64&from=fd00::5&to=fd00::1:4&cells=4096')).body,
    { from: 'fd00::', to: 'fd00::1:f', cell: 16 },
    'a window is made wider to where cells begin and end'
  )
})

t.test('what cannot be asked', async t => {
  const house = await new TestHouse([poolDocument('blue', '10.9.0.0/29', ['10.9.0.2'])]).open()
  const { ask } = await openAdmin(t, house.house)
  const rows: [string, number, RegExp][] = [
    ['', 400, /subnet: "" is no subnet/],
    ['?subnet=10.9.0.1/29', 400, /host bits set/],
    ['?subnet=10.8.0.0/29', 404, /10.8.0.0\/29 is no subnet of this node; it has 10.9.0.0\/29/],
    ['?subnet=10.9.0.0/29&from=10.9.1.0', 400, /from: name an address of 10.9.0.0\/29/],
    ['?subnet=10.9.0.0/29&from=x', 400, /from: name/],
    ['?subnet=10.9.0.0/29&to=10.9.0.8', 400, /to: name/],
    ['?subnet=10.9.0.0/29&from=10.9.0.4&to=10.9.0.3', 400, /not below from/],
    ['?subnet=10.9.0.0/29&cells=0', 400, /cells: name a whole number from 1 to 65536/],
    ['?subnet=10.9.0.0/29&cells=65537', 400, /cells:/],
    ['?subnet=10.9.0.0/29&cells=all', 400, /cells:/]
  ]
  for (const [query, status, error] of rows) {
    t.match(await ask(`/v1/map${query}`), { status, body: { error } }, query)
  }
})
