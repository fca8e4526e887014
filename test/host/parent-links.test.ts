// A tree like sysfs: which links are behind virtual functions.

import { join } from 'node:path'
import t from 'tap'
import { formatAddress } from '../../src/core/address.ts'
import type { ParentLink } from '../../src/core/selection/parent-link.ts'
import { createParentLinks } from '../../src/host/parent-links.ts'

const addresses = () => ({
  ens1f0: [{ address: '10.1.0.1' }, { address: 'fd00::1' }, { address: 'fe80::1%ens1f0' }],
  ens1f0np1: [{ address: '10.2.0.1' }]
})

const texts = (link: ParentLink) => ('addresses' in link ? link.addresses.map(formatAddress) : link)

t.test('the physical function of a virtual one', async t => {
  const sysfs = t.testdir({
    devices: { pf: { net: { ens1f0: {}, ens1f0np1: {} } } },
    bus: {
      pci: {
        devices: {
          '0000:03:02.3': { physfn: t.fixture('symlink', '../../../../devices/pf') },
          '0000:03:00.0': { net: { ens1f0: {} } }
        }
      }
    }
  })
  const { ofDevice, named } = createParentLinks(sysfs, addresses)
  t.same(texts(ofDevice('0000:03:02.3')), ['10.1.0.1', 'fd00::1', 'fe80::1', '10.2.0.1'])
  t.match(ofDevice('0000:03:02.3'), { name: 'ens1f0, ens1f0np1' })
  t.match(ofDevice('0000:03:00.0'), { unknown: /^0000:03:00\.0 is no virtual function/ })
  t.match(ofDevice('0000:03:02.4'), { unknown: /is no virtual function/ })
  t.match(ofDevice('../../../devices/pf'), { unknown: /is none of PCI$/ })
  t.same(texts(named('ens1f0np1')), ['10.2.0.1'])
  t.same(named('none'), { name: 'none', addresses: [] })
})

t.test('the real host', async t => {
  const found = createParentLinks().named('lo')
  t.ok('addresses' in found && found.addresses.map(formatAddress).includes('127.0.0.1'))
  t.match(createParentLinks(join(t.testdir({}), 'none')).ofDevice('0000:00:00.0'), {
    unknown: /virtual/
  })
})
