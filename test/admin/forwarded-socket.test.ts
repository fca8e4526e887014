// The admin socket behind a port of somebody's machine (ssh -L): whoever forwards it reads and orders as before, and the
// browser there cannot be made to order, or to tell the pages of others what it reads.

import { request } from 'node:http'
import t, { type Test } from 'tap'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from './admin-socket.ts'

async function opened(t: Test) {
  const { socketPath } = await openAdmin(t, (await new TestHouse().open()).house)
  return (method: string, path: string, headers: Readonly<Record<string, string>>) =>
    new Promise<number>((resolve, reject) => {
      const asked = request({ socketPath, path, method, headers }, response => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      asked.on('error', reject)
      asked.end()
    })
}

t.test('who may do what through a forwarded socket', async t => {
  const ask = await opened(t)
  const page = { host: 'localhost:5711' }
  const foreign = { origin: 'https://evil.example' }
  for (const [what, method, path, headers, status] of [
    ['the page reads', 'GET', '/v1/pools', page, 200],
    ['under an address as well', 'GET', '/v1/pools', { host: '[::1]:5711' }, 200],
    ['a tool orders', 'POST', '/v1/undrain', { host: 'node' }, 200],
    ['a page of others orders nothing', 'POST', '/v1/undrain', { ...page, ...foreign }, 401],
    ['nor does one without a name', 'POST', '/v1/undrain', { ...page, origin: 'null' }, 401],
    [
      'a name that was rebound reads nothing',
      'GET',
      '/v1/pools',
      { host: 'evil.example:5711' },
      421
    ],
    ['nor orders', 'POST', '/v1/undrain', { host: 'evil.example:5711' }, 421]
  ] as const) {
    t.equal(await ask(method, path, headers), status, what)
  }
})
