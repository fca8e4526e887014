// Container id and interface name as the daemon judges them, whoever sent them.

import t from 'tap'
import { attachmentKey } from '../../src/cni/environment.ts'
import type { PluginRequest } from '../../src/cni/plugin-request.ts'

function keyOf(containerId: string, ifname: string) {
  const request: PluginRequest = {
    ...{ role: 'orbweaver', verb: 'ADD', containerId, ifname, netns: '', args: '' },
    ...{ start: 1n, budget: 1_000, boot: undefined, trace: undefined, conf: Buffer.alloc(0) }
  }
  return attachmentKey(request, 'net1')
}

t.test('what is a key', async t => {
  t.same(keyOf('0_.-', '...'), { network: 'net1', containerId: '0_.-', ifname: '...' })
  t.equal(keyOf('a'.repeat(1024), 'éèà').ifname, 'éèà')
})

t.test('container ids that are refused', async t => {
  for (const id of ['', '-a', '.', 'a b', 'a/b', '../../etc/x', 'a\n', 'é', 'a\uFFFD']) {
    t.throws(() => keyOf(id, 'eth0'), { code: 4, message: /CNI_CONTAINERID/ }, JSON.stringify(id))
  }
  t.throws(() => keyOf('a'.repeat(1025), 'eth0'), { code: 4, message: /, at most 1024 bytes$/ })
})

t.test('interface names that are refused', async t => {
  const ascii = [' ', '\t', '\n', '\v', '\f', '\r']
  const others = ['\u0085', '\u00a0', '\u1680', '\u2000', '\u200a', '\u2028', '\u2029', '\u202f']
  const spaces = [...ascii, ...others, '\u205f', '\u3000']
  const names = ['', '.', '..', 'a/b', 'a:b', 'a'.repeat(16), 'é'.repeat(8), 'a\uFFFD']
  for (const name of [...names, ...spaces.map(space => `a${space}`)]) {
    t.throws(
      () => keyOf('c1', name),
      { code: 4, message: /CNI_IFNAME/ },
      Buffer.from(name).toString('hex')
    )
  }
})
