// What is in a bundle, and what is not.

import { createReadStream, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import t from 'tap'
import { withoutSecrets } from '../../src/cli/commands/support-bundle.ts'
import { key } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from '../admin/admin-socket.ts'
import { orb } from './surroundings.ts'

async function filesOf(path: string): Promise<Map<string, string>> {
  const archive = extract()
  createReadStream(path).pipe(createGunzip()).pipe(archive)
  const files = new Map<string, string>()
  for await (const entry of archive) {
    let text = ''
    for await (const chunk of entry) text += String(chunk)
    files.set(entry.header.name, text)
  }
  return files
}

t.test('everything that helps, and nothing secret', async t => {
  const house = await new TestHouse().open()
  const { socketPath } = await openAdmin(t, house.house, { clock: house.clock })
  await house.add(key('c1'), { pod: { namespace: 'default', name: 'web-1' } })
  const file = join(t.testdir(), 'bundle.tar.gz')
  const secret = 'c0ffee'.repeat(12)
  const settings = {
    nodeName: 'n1',
    mesh: { keyFile: '/etc/key', key: secret },
    http: { token: secret }
  }
  const said = await orb(socketPath, ['support-bundle', '--to', file], { settings })
  t.match(said, { status: 0, out: /bundle\.tar\.gz: 13 files\n {2}bundle\.json\n/ })
  t.equal(statSync(file).mode & 0o777, 0o600)
  const files = await filesOf(file)
  t.match(files.get('orb-support/attachments.json'), /web-1/)
  t.match(files.get('orb-support/actors.json'), /allocator/)
  t.match(files.get('orb-support/configuration.json'), /"keyFile": "\/etc\/key"/)
  const { identity } = house.store.load().leases
  for (const [name, text] of files) {
    t.ok(JSON.parse(text), name)
    t.notOk(text.includes(secret) || text.includes(identity.key), `${name} has no key`)
  }
  t.match(await orb(socketPath, ['support-bundle', '--to', file]), { status: 1, err: /EEXIST/ })
  t.ok(readFileSync(file).length > 500, 'what was there is still there')
})

t.test('without a daemon it says so in the files', async t => {
  const file = join(t.testdir(), 'bundle.tar.gz')
  t.match(await orb('/nonexistent/admin.sock', ['support-bundle', '--to', file]), { status: 0 })
  t.match((await filesOf(file)).get('orb-support/status.json'), /no daemon answers/)
})

t.test('what is named like a secret', async t => {
  t.same(
    withoutSecrets({
      ...{ key: '5.2', apiToken: 'x', list: [{ session: 'y', keyFile: '/etc/k' }] },
      tokenFile: '/etc/t'
    }),
    {
      ...{
        key: '5.2',
        apiToken: '(taken out)',
        list: [{ session: '(taken out)', keyFile: '/etc/k' }]
      },
      tokenFile: '/etc/t'
    }
  )
})
